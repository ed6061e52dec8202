package runs

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// expire deletes the ended runs whose time in the cluster is over and that no Job of a driver
// owns: those that clients drove, and those whose setup failed. All of them are in the history.
func (c *Client) expire(ctx context.Context, dryRun api.DryRun, list *api.GarbageList) error {
	var old []*record.Run
	err := c.each(ctx, c.conn.Namespace, kube.LabelKind+"="+kube.KindWorkflow, func(m metav1.ObjectMeta) error {
		run, err := record.FromMeta(m)
		if err != nil || m.Annotations[kube.AnnotationRecorded] == "" || len(m.OwnerReferences) > 0 || m.DeletionTimestamp != nil {
			return nil
		}
		if end := fromRecord(run).EndTime; end != nil && time.Since(end.Time) > api.DefaultTTL {
			old = append(old, run)
		}
		return nil
	})
	if err != nil || len(old) == 0 {
		return err
	}
	if err := c.rights.Require(ctx, authz.Each(configMaps, "delete")...); err != nil {
		return err
	}
	background := metav1.DeletePropagationBackground
	for _, run := range old {
		if dryRun.Sends() {
			err := c.conn.Kube.CoreV1().ConfigMaps(run.Namespace).Delete(ctx, run.Name,
				access.Exactly(run.UID, metav1.DeleteOptions{PropagationPolicy: &background, DryRun: dryRun.Param()}))
			if err := c.conn.Deleted(err, configMaps, run.Name); err != nil {
				return err
			}
		}
		list.Expired = append(list.Expired, run.ID)
	}
	slices.Sort(list.Expired)
	return nil
}
