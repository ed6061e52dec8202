package task

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/spec"
)

// fileRead is a file that was named, and what came of reading it.
type fileRead struct {
	path string
	data []byte
	err  error
}

// readFiles reads all files, each once: what they are is seen in their content.
// The error is that of a context that has ended.
func readFiles(ctx context.Context, f *cli.Factory, paths []string) ([]fileRead, error) {
	read := make([]fileRead, len(paths))
	for i, path := range paths {
		data, err := f.Files().Read(ctx, path, spec.MaxCampaignBytes)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		read[i] = fileRead{files.Name(path), data, err}
	}
	return read, nil
}

// campaignAmong returns the campaign among the files, if there is one. With
// --resume no other file has a meaning.
func campaignAmong(files []fileRead, resume bool) (campaign fileRead, err error) {
	for _, file := range files {
		switch {
		case file.err == nil && spec.IsCampaign(file.path, file.data):
			campaign = file
		case file.err != nil && (resume || spec.IsCampaign(file.path, nil)): // by its name it is one
			return fileRead{}, file.err
		case resume:
			return fileRead{}, cli.Usagef("--resume finishes a campaign, but %s is a task", file.path)
		}
		// Another one that cannot be read is reported with the tasks.
	}
	if campaign.path != "" && len(files) > 1 {
		return fileRead{}, cli.Usagef("%s is a campaign; submit it alone", campaign.path)
	}
	return campaign, nil
}

// workflowAmong returns the workflow among the files, if there is one.
func workflowAmong(files []fileRead) (workflow fileRead, err error) {
	for _, file := range files {
		if file.err == nil && spec.IsWorkflow(file.path, file.data) {
			workflow = file
		}
	}
	if workflow.path != "" && len(files) > 1 {
		return fileRead{}, cli.Usagef("%s is a workflow; submit it alone", workflow.path)
	}
	return workflow, nil
}

// notForWorkflows are flags of submit that a workflow has no use for, onlyForWorkflows those
// that nothing else has.
var (
	notForWorkflows  = []string{"num-nodes", "deadline", "cpus", "memory", "gpus", "image"}
	onlyForWorkflows = []string{"local-driver", "record"}
)

// onlyForTasks are flags of submit that a campaign has no use for.
var onlyForTasks = []string{"num-nodes", "deadline", "request-id", "no-results", "network"}

// onlyForCampaigns are those that a task has no use for.
var onlyForCampaigns = []string{"config", "variation-plugin", "random", "runs", "resume", "follow"}

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
