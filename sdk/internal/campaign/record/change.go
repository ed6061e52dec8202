package record

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// Change changes a campaign's record: in the cluster, where the change counts,
// then in the store (nil: it is not there to be written to), whose copy is for
// the time when the cluster's is gone. That the store cannot be written to is a
// warning: what follows from the change is done all the same. It returns the
// record as it is now, or would be after a dry run.
func (c *Client) Change(ctx context.Context, b store.Backend, id string, d api.DryRun, manager string, edit func(*layout.Record)) (*layout.Record, error) {
	var changed *layout.Record
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		r, object, err := c.Get(ctx, id)
		if err != nil {
			return err
		}
		edit(r)
		if changed = r; !d.Sends() {
			return nil
		}
		patch, err := json.Marshal(map[string]any{
			"metadata": map[string]any{"uid": object.UID, "resourceVersion": object.ResourceVersion},
			"data":     Data(r),
		})
		if err != nil {
			return fmt.Errorf("encode the record of a campaign: %w", err)
		}
		_, err = c.Conn.Kube.CoreV1().ConfigMaps(object.Namespace).
			Patch(ctx, object.Name, types.MergePatchType, patch, metav1.PatchOptions{DryRun: d.Param(), FieldManager: manager})
		if apierrors.IsConflict(err) {
			return err // changed concurrently: try again
		}
		return c.Conn.Classify(err, "patch", "configmaps")
	})
	if err != nil {
		return nil, err
	}
	if b == nil || !d.Keeps() {
		return changed, nil
	}
	if err := c.changeStored(ctx, b, id, edit); err != nil && ctx.Err() == nil {
		c.Conn.Warn(fmt.Sprintf("campaign %s: the store's copy of its record is not up to date: %v", id, err))
	}
	return changed, nil
}

// changeStored changes the store's copy, which has all configurations. One that
// is the record of something else is left as it is.
func (c *Client) changeStored(ctx context.Context, b store.Backend, id string, edit func(*layout.Record)) error {
	r, err := c.Stored(ctx, b, id)
	if api.IsNotFound(err) {
		return nil // its submission never got that far
	}
	if err != nil {
		return err
	}
	edit(r)
	return WriteObject(ctx, b, layout.RecordKey(id), r.Marshal())
}
