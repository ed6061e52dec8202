package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

// atOnce is the number of concurrent patches.
const atOnce = 32

// SetActive sets whether the pending Workloads in the namespace whose pods have all of
// these labels are active: an inactive one keeps its position and is not admitted.
// Admitted ones are not changed. It returns the number of such pending Workloads,
// whether they had to be changed or not. It costs one request per changed Workload. A
// client-side dry run must not call it.
func (c *Client) SetActive(ctx context.Context, labels map[string]string, active bool, d api.DryRun, manager string) (int, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return 0, err
	}
	type one struct {
		name string
		uid  types.UID
	}
	var change []one
	waiting := 0
	err = c.eachWorkload(ctx, c.conn.Namespace, "", func(w *workload) {
		if w.is(kueue.WorkloadFinished) || w.is(kueue.WorkloadQuotaReserved) || !w.has(labels) {
			return
		}
		waiting++
		if ptr.Deref(w.Spec.Active, true) != active {
			change = append(change, one{w.Metadata.Name, w.Metadata.UID})
		}
	})
	if err != nil {
		return 0, err
	}
	var gone atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, w := range change {
		group.Go(func() error {
			patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": w.uid}, "spec": map[string]any{"active": active}})
			if err != nil {
				return fmt.Errorf("encode whether a Workload is active: %w", err)
			}
			_, err = set.KueueV1beta2().Workloads(c.conn.Namespace).Patch(ctx, w.name, types.MergePatchType, patch, metav1.PatchOptions{DryRun: d.Param(), FieldManager: manager})
			if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
				gone.Add(1) // its Job was deleted meanwhile, or replaced
				return nil
			}
			return c.conn.Classify(err, "patch", workloads)
		})
	}
	err = group.Wait()
	return waiting - int(gone.Load()), err
}

// has reports whether the pods of a Workload have all of these labels.
func (w *workload) has(labels map[string]string) bool {
	if len(w.Spec.PodSets) == 0 {
		return false
	}
	for key, value := range labels {
		if w.Spec.PodSets[0].Template.Metadata.Labels[key] != value {
			return false
		}
	}
	return true
}
