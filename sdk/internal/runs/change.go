package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// Stop implements sdk.Workflow. It records the request, which the driver carries out.
func (c *Client) Stop(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowRun, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if err := c.rights.Require(ctx, authz.Each(configMaps, "patch")...); err != nil {
		return nil, err
	}
	id, err := c.resolve(ctx, ref, true)
	if err != nil {
		return nil, err
	}
	user, err := c.user(ctx)
	if err != nil {
		return nil, err
	}
	run, err := c.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if run.State.Phase.Final() || run.StopAll {
		return fromRecord(run), nil
	}
	annotations := map[string]any{kube.AnnotationStop: user}
	if run.StopBy != "" {
		annotations = map[string]any{kube.AnnotationStopAll: user}
	} else {
		run.StopBy = user
	}
	if !o.DryRun.Sends() {
		return fromRecord(run), nil
	}
	if run, err = c.annotate(ctx, run, annotations, o.DryRun, o.FieldManager); err != nil {
		return nil, err
	}
	return fromRecord(run), nil
}

// annotate sets annotations of a run, and returns it as it is then.
func (c *Client) annotate(ctx context.Context, run *record.Run, annotations map[string]any, d api.DryRun, manager string) (*record.Run, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": run.UID, "annotations": annotations}})
	if err != nil {
		return nil, err
	}
	cm, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Patch(ctx, run.Name, types.MergePatchType, patch,
		metav1.PatchOptions{DryRun: d.Param(), FieldManager: manager})
	if apierrors.IsNotFound(err) {
		return nil, c.notFound(run.ID)
	}
	if err != nil {
		return nil, c.conn.Classify(err, "patch", configMaps)
	}
	return record.FromObject(cm)
}

// Delete implements sdk.Workflow. All that the run owns is deleted with it, and its record in
// the history.
func (c *Client) Delete(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.WorkflowRun, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if err := c.rights.Require(ctx, authz.Each(configMaps, "delete")...); err != nil {
		return nil, err
	}
	id, err := c.resolve(ctx, ref, true)
	if err != nil {
		return nil, err
	}
	run, err := c.read(ctx, id)
	if err != nil {
		return nil, err
	}
	out := fromRecord(run)
	if !o.DryRun.Sends() {
		return out, nil
	}
	if o.DryRun.Keeps() { // before the run is gone, so that an interrupted call can be repeated
		if err := c.drop(ctx, run); err != nil {
			return nil, fmt.Errorf("the references of run %s to its results: %w", id, err)
		}
	}
	propagation := metav1.DeletePropagationBackground
	if o.Wait {
		propagation = metav1.DeletePropagationForeground
	}
	if run.Past {
		if o.DryRun.Keeps() {
			err = c.forget(ctx, run)
		}
		return out, err
	}
	maps := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace)
	err = maps.Delete(ctx, run.Name, access.Exactly(run.UID, metav1.DeleteOptions{PropagationPolicy: &propagation, DryRun: o.DryRun.Param()}))
	if err := c.conn.Deleted(err, configMaps, run.Name); err != nil {
		return nil, err
	}
	if o.DryRun.Keeps() { // after it is gone from the cluster: nothing adds it again
		if err := c.forget(ctx, run); err != nil {
			return out, err
		}
	}
	if !o.Wait || !o.DryRun.Keeps() {
		return out, nil
	}
	return out, wait.PollUntilContextCancel(ctx, 500*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		have, err := maps.Get(ctx, run.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && have.UID != run.UID {
			return true, nil
		}
		return false, c.conn.Classify(err, "get", configMaps)
	})
}
