package run

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
)

// maxCopied is how many run files are also stored one by one, for people to
// look at. More than that are in the pack only.
const maxCopied = 1000

// upload brings the campaign's inputs into the store; the record comes last, so
// that a record in the store always has them.
func upload(ctx context.Context, b store.Backend, d *plan.Draft) error {
	if err := uploadPack(ctx, b, d); err != nil {
		return err
	}
	documents, err := d.Documents(ctx)
	if err != nil {
		return err
	}
	prefix := layout.CampaignPrefix(d.Record.ID) + layout.ConfigDir
	if len(d.Inputs.Entries) > 0 && len(d.Inputs.Entries) <= maxCopied {
		root, err := os.OpenRoot(d.Inputs.Root)
		if err != nil {
			return err
		}
		defer root.Close() // nothing is written through it
		var items []store.Upload
		for _, e := range d.Inputs.Entries {
			// What links lead to is there under its own name.
			if _, ours := documents[prefix+e.Name]; !ours && e.Mode.IsRegular() {
				items = append(items, store.Upload{Key: prefix + layout.FileKey(prefix, e.Name), Path: e.Path, Size: e.Size})
			}
		}
		if err := store.UploadAll(ctx, b, items, store.TransferOptions{Root: root}); err != nil {
			return err
		}
	}
	recordKey := layout.RecordKey(d.Record.ID)
	for key, data := range documents {
		if key != recordKey {
			if err := record.WriteObject(ctx, b, key, data); err != nil {
				return err
			}
		}
	}
	return record.WriteObject(ctx, b, recordKey, documents[recordKey])
}

// uploadPack sends the pack unless the store has it. It goes by a file, since
// its size is known only when it is written.
func uploadPack(ctx context.Context, b store.Backend, d *plan.Draft) error {
	if d.Inputs.Sum == "" {
		return nil
	}
	key := layout.InputKey(d.Inputs.Sum)
	switch _, err := b.Stat(ctx, key); {
	case err == nil:
		return nil
	case !api.IsNotFound(err):
		return err
	case len(d.Inputs.Entries) == 0:
		// A rerun has no files of its own.
		return &api.ConflictError{Message: fmt.Sprintf("the files of campaign %s are no longer in the store; submit %s again", cmp.Or(d.Record.RerunOf, d.Record.ID), d.Record.File)}
	}
	file, err := os.CreateTemp("", "kubevast-*.pack")
	if err != nil {
		return fmt.Errorf("pack the files of the campaign: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	stat, err := d.Inputs.Write(ctx, file)
	if err != nil {
		return err
	}
	if stat.SHA256 != d.Inputs.Sum {
		return &api.ConflictError{Message: "a file of the campaign changed while it was read; try again"}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("pack the files of the campaign: %w", err)
	}
	_, err = b.Put(ctx, key, file, stat.Size, store.PutOptions{SHA256: stat.SHA256})
	return err
}

// load reads what upload wrote, and checks it like a typed file; if the inputs
// are not in the store, the error is *api.NotFoundError. r is the record that
// is requested: the cluster's copy, unless that is gone.
func (c *Runner) load(ctx context.Context, b store.Backend, r *layout.Record) (*saved, *layout.Record, error) {
	id, prefix := r.ID, layout.CampaignPrefix(r.ID)
	stored, err := c.records.Stored(ctx, b, id)
	if err != nil {
		return nil, nil, err
	}
	if err := record.CheckSame(r, stored); err != nil {
		return nil, nil, err
	}
	data, err := record.ReadObject(ctx, b, prefix+layout.ExecutionFile)
	if err != nil {
		return nil, nil, err
	}
	out := &saved{}
	if err := json.Unmarshal(data, &out.execution); err != nil {
		return nil, nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s: %s cannot be read: %v", id, layout.ExecutionFile, err)}
	}
	if data, err = record.ReadObject(ctx, b, prefix+layout.ConfigurationsFile); err != nil {
		return nil, nil, err
	}
	if out.configs, err = plan.ParseConfigurations(data); err != nil {
		return nil, nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s: %v", id, err)}
	}
	return out, stored, record.Check(stored, &out.execution)
}

// saved is what the store keeps of a campaign: enough to make its Jobs again,
// without its file, its plug-ins, or what the command line had added.
type saved struct {
	execution spec.Execution
	configs   *plan.Configurations
}
