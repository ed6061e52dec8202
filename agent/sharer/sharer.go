// Package sharer sends archives of campaigns and tasks from the store to a share: it
// builds each in the store, uploads and verifies it, and records in the store how far it
// is. An error of one item is recorded, and the next one is sent.
package sharer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// The phases of an item; see api.ShareItem.
const (
	waiting   = "Waiting"
	archiving = "Archiving"
	uploading = "Uploading"
	verifying = "Verifying"
	uploaded  = "Uploaded"
	skipped   = "Skipped"
	failed    = "Failed"
)

// Options of Run.
type Options struct {
	Orders agentspec.Share
	// JobUID distinguishes this Job from an earlier one of the same name.
	JobUID   string
	Provider share.ShareProvider
	// Settings are the provider's. The state of an interrupted upload is encrypted with
	// them.
	Settings share.Settings
	Store    store.Backend
	Log      func(format string, args ...any)
	// Patience is how long a share that does not answer is tried again; 0 means the
	// default of share.Upload.
	Patience time.Duration
}

// Run sends all items. It returns an error only if it cannot record how they ended: then
// the whole can be run again, and continues.
func Run(ctx context.Context, o Options) error {
	r := newReport(o)
	s := &sharer{Options: o, report: r, state: newStates(o)}
	if err := r.resume(ctx, s.read); err != nil {
		return err
	}
	if err := r.save(ctx); err != nil {
		return err
	}
	stop := r.keepSaving(ctx, o.Log)
	var refused error
	for i := range o.Orders.Items {
		if ctx.Err() != nil {
			break
		}
		if r.hasEnded(i) {
			continue
		}
		if refused != nil {
			r.end(i, failed, refused.Error())
			continue
		}
		err := s.item(ctx, i)
		if err == nil || ctx.Err() != nil {
			continue
		}
		r.end(i, failed, err.Error())
		o.Log("%s: failed: %v", o.Orders.Items[i].Name(), err)
		// The same credentials are refused again, and some servers lock out who repeats them.
		if api.IsForbidden(err) && !errors.As(err, new(*storeError)) {
			refused = fmt.Errorf("not tried after the share refused the credentials: %w", err)
		}
	}
	stop()
	if ctx.Err() != nil {
		return ctx.Err() // the next pod continues
	}
	return r.finish(ctx)
}

// storeError is an error of the store, not of the share.
type storeError struct{ error }

func (e *storeError) Unwrap() error { return e.error }

func ofStore(err error) error {
	if err == nil {
		return nil
	}
	return &storeError{err}
}

type sharer struct {
	Options
	report *report
	state  *states
}

// prefix returns where the results of an item are.
func prefix(item agentspec.ShareItem) string {
	if item.Task != "" {
		return layout.TaskPrefix(item.Task)
	}
	return layout.CampaignPrefix(item.Campaign)
}
