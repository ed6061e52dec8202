package cmd

import (
	"bytes"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/spec"
)

// campaignAmong returns the campaign's file, if there is one among the files,
// with its content. With --resume no other file has a meaning. Standard input
// can be read only once: what is no campaign is put back for whoever reads it
// next.
func campaignAmong(f *cli.Factory, files []string, resume bool) (path string, data []byte, err error) {
	for _, file := range files {
		content, readErr := spec.ReadBytes(file, f.In)
		if file == "-" {
			f.In = bytes.NewReader(content)
		}
		switch {
		case readErr == nil && spec.IsCampaign(file, content):
			path, data = file, content
		case readErr != nil && (resume || spec.IsCampaign(file, nil)): // by its name it is one
			return "", nil, readErr
		case resume:
			return "", nil, cli.Usagef("--resume finishes a campaign, but %s is a task", file)
		}
		// Another one that cannot be read is told when it is read as a task's.
	}
	if path != "" && len(files) > 1 {
		return "", nil, cli.Usagef("%s is a campaign; submit it alone", path)
	}
	return path, data, nil
}

// onlyForTasks are flags of submit that a campaign has no use for.
var onlyForTasks = []string{"num-nodes", "secret", "secret-file", "deadline", "request-id", "no-results"}

// onlyForCampaigns are those that a task has no use for.
var onlyForCampaigns = []string{"config", "variation-plugin", "runs", "resume", "follow"}

// refuse reports flags that have no meaning for what is submitted.
func refuse(c *cobra.Command, flags []string, what string) error {
	var errs []error
	for _, name := range flags {
		if c.Flags().Changed(name) {
			errs = append(errs, cli.Usagef("--%s has no meaning for a %s", name, what))
		}
	}
	return errors.Join(errs...)
}
