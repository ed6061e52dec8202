// Package auth has the subcommands of kubectl vast auth.
package auth

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/identity"
)

// New returns kubectl vast auth.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("auth", "Manage the user name that you work under", newLogin(f), newWhoami(f), newLogout(f))
	c.Long = templates.LongDesc(`
		Manage the user name that you work under.

		Tasks and volumes are labeled with the name of the user who created them, and lists
		show your own by default. Without a login it is the name that the cluster
		authenticates you as. The name grants nothing: permissions are those of the cluster.`)
	return c
}

func newLogin(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "login NAME",
		Short: "Set the user name that you work under",
		Example: templates.Examples(`
			# Work as alice from now on, on every cluster
			kubectl vast auth login alice`),
		Args: cli.Args(1, 1, "a name"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !identity.Valid(args[0]) {
				return cli.Usagef("%q cannot be a name: it must be one line of 1 to 253 characters without spaces at its ends", args[0])
			}
			file, err := f.Identity()
			if err == nil {
				err = file.Save(args[0])
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(f.Out, "You work as %s now.\n", args[0])
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func newLogout(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Return to the user name that the cluster authenticates you as",
		Args:  cli.Args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			file, err := f.Identity()
			if err == nil {
				err = file.Save("")
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(f.Out, "You work under the name that the cluster knows you by now.")
			return nil
		},
	}
}

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

// whoami asks the cluster. Where it does not answer, a login is still told.
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
