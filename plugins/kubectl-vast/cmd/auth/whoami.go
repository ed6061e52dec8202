package auth

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/identity"
)

func newWhoami(f *cli.Factory) *cobra.Command {
	output := ""
	c := &cobra.Command{
		Use:   "whoami",
		Short: "Show your user name, and the one that the cluster authenticates you as",
		Args:  cli.Args(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := cli.CheckData(output); err != nil {
				return err
			}
			id, err := whoami(c, f)
			if err != nil {
				return err
			}
			if output != "" {
				return cli.PrintData(f.Out, output, id)
			}
			fmt.Fprintf(f.Out, "User:          %s\nSource:        %s\n", id.User, id.Source)
			if id.ClusterUser != "" {
				fmt.Fprintf(f.Out, "Cluster user:  %s\n", id.ClusterUser)
			}
			return nil
		},
	}
	cli.AddDataFlag(c, &output)
	return c
}

// whoami reads the identity from the cluster. Without an answer it returns the login.
func whoami(c *cobra.Command, f *cli.Factory) (identity.Identity, error) {
	login, err := f.LoginName()
	if err != nil {
		return identity.Identity{}, err
	}
	id := identity.Identity{User: login, Source: identity.SourceLogin}
	client, err := f.Client()
	if err == nil {
		var asked identity.Identity
		if asked, err = client.WhoAmI(c.Context()); err == nil {
			return asked, nil
		}
	}
	if login == "" || c.Context().Err() != nil {
		return id, err
	}
	f.Warn(err.Error())
	return id, nil
}
