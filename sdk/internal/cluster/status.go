package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// countTime is the timeout for counting the objects of a store.
const countTime = 8 * time.Second

// Get returns what is set up in the client's namespace and its state. It is
// *api.NotInstalledError when nothing is. What does not work, or cannot be
// read, has its reason in the result and is no error.
func (c *Client) Get(ctx context.Context) (*api.ClusterStatus, error) {
	r, m, err := c.readRecord(ctx)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, c.nothingSetUp()
	}
	s := &api.ClusterStatus{
		TypeMeta: api.TypeMeta[api.ClusterStatus](),
		ObjectMeta: metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace, UID: m.UID, Labels: m.Labels,
			CreationTimestamp: m.CreationTimestamp},
		Config: r.Config, Options: r.Options,
	}
	err = together(
		func() error { return c.kueueStatus(ctx, &s.Kueue) },
		func() error { return c.queueStatus(ctx, &s.Queue) },
		func() error { return c.storeStatus(ctx, r, &s.Store) },
		func() error { return c.agentStatus(ctx, &s.Agent) },
	)
	s.State = worst(&s.Kueue.ComponentState, &s.Queue.ComponentState, &s.Store.ComponentState, &s.Agent)
	s.Ready = s.State == api.ReadyStateReady
	return s, err
}

// worst gives each component its state, where that is not known to be unknown,
// and returns that of all.
func worst(all ...*api.ComponentState) api.ReadyState {
	state := api.ReadyStateReady
	for _, s := range all {
		settle(s)
		if s.State == api.ReadyStateNotReady || state == api.ReadyStateReady {
			state = s.State
		}
	}
	return state
}

func settle(s *api.ComponentState) {
	switch {
	case s.State == api.ReadyStateUnknown:
	case s.Ready:
		s.State = api.ReadyStateReady
	default:
		s.State = api.ReadyStateNotReady
	}
}

// installedBySetup reads what only administrators write. missing is the right
// without which it is unknown.
func (c *Client) installedBySetup(ctx context.Context, found foundKueue) (installed bool, missing string) {
	if !found.byHelm() {
		return false, ""
	}
	if s, err := c.readShared(ctx, found.home()); err == nil && s.data[sharedInstalled] != "" {
		return true, ""
	}
	// A setup by an older version has left a release only.
	release, err := c.findRelease(ctx)
	return err == nil && release != nil && release.Ours, missingRight(err)
}

func (c *Client) kueueStatus(ctx context.Context, s *api.KueueStatus) error {
	s.Name = "kueue"
	found, err := c.findKueue(ctx)
	if err != nil {
		return c.unread(err, &s.ComponentState)
	}
	s.InstalledBySetup, s.InstallerUnknown = c.installedBySetup(ctx, found)
	s.Version, s.Image = found.version(), found.image()
	if found.absent() {
		s.Reason, s.Remedies = "Kueue is not there", []api.Remedy{{Action: api.ClusterSetup}}
		return nil
	}
	if found.deployment != nil {
		s.Namespace = found.deployment.Namespace
		s.Reason = notUp(found.deployment)
	}
	if err := found.check(); err != nil {
		s.Reason, s.Remedies = err.Error(), api.Remedies(err)
	}
	s.Ready = s.Reason == ""
	settle(&s.ComponentState)
	return nil
}

func (c *Client) queueStatus(ctx context.Context, s *api.ClusterQueue) error {
	s.Name, s.ClusterQueue, s.Resources = kube.LocalQueueName, kube.ClusterQueueName, []api.QueueResource{}
	cq, lq, err := c.queues(ctx)
	if err != nil {
		// The caller's own queue is readable without an administrator's rights.
		if err = c.unread(err, &s.ComponentState); err == nil && lq != nil {
			s.Pending, s.Admitted = int(lq.Status.PendingWorkloads), int(lq.Status.AdmittedWorkloads)
		}
		return err
	}
	trouble := queueTrouble(cq, lq)
	s.Reason, s.Remedies = trouble.Message, trouble.Remedies
	s.Ready = s.Reason == ""
	if lq != nil {
		s.Pending, s.Admitted = int(lq.Status.PendingWorkloads), int(lq.Status.AdmittedWorkloads)
	}
	if cq != nil {
		s.Resources = queue.Quotas(cq)
	}
	return nil
}

func (c *Client) storeStatus(ctx context.Context, r *record, s *api.StoreStatus) error {
	s.Name, s.Kind, s.Endpoint, s.Bucket = kube.StoreName, r.Store.Kind, r.Store.Endpoint, r.Store.Bucket
	switch s.Kind {
	case api.StoreNone:
		s.Ready = true
		return nil
	case api.StoreBuiltIn:
		s.Image = r.Store.image()
		missing, err := c.missingPods(ctx, c.conn.Namespace, kube.StoreName)
		if err == nil {
			err = c.claimStatus(ctx, s)
		}
		if err != nil {
			return c.unread(err, &s.ComponentState)
		}
		if s.Reason, s.Remedies = missing.Message, missing.Remedies; missing.Message != "" {
			return nil
		}
	}
	counted, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	held, err := c.storeContent(counted)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if missingRight(err) != "" {
			return c.unread(err, &s.ComponentState)
		}
		s.Reason, s.Remedies = "it does not answer: "+text.Line(err.Error()), api.Remedies(err)
		return nil
	}
	s.Ready, s.Objects, s.Bytes, s.Partial = true, &held.Objects, &held.Bytes, held.Partial
	return nil
}

func (c *Client) claimStatus(ctx context.Context, s *api.StoreStatus) error {
	claim, err := c.conn.Kube.CoreV1().PersistentVolumeClaims(c.conn.Namespace).Get(ctx, kube.StoreName, metav1.GetOptions{})
	if isAbsent(err) {
		return nil
	}
	if err != nil {
		return c.conn.Classify(err, "get", "persistentvolumeclaims")
	}
	capacity, bound := claim.Status.Capacity[corev1.ResourceStorage]
	if !bound {
		capacity = claim.Spec.Resources.Requests[corev1.ResourceStorage]
	}
	s.Capacity = capacity.String()
	if claim.Spec.StorageClassName != nil {
		s.StorageClass = *claim.Spec.StorageClassName
	}
	return nil
}

func (c *Client) agentStatus(ctx context.Context, s *api.ComponentState) error {
	s.Name = kube.AgentName
	there, err := c.lookup(ctx, desired.Agent(c.conn.Namespace))
	if err != nil {
		return c.unread(err, s)
	}
	if len(there) < len(desired.Agent(c.conn.Namespace)) {
		s.Reason, s.Remedies = "its ServiceAccount, Role or RoleBinding is missing", []api.Remedy{{Action: api.ClusterSetup}}
	}
	if s.Reason == "" {
		drivers, err := c.lookup(ctx, desired.Driver(c.conn.Namespace))
		if err != nil {
			return c.unread(err, s)
		}
		if len(drivers) < len(desired.Driver(c.conn.Namespace)) {
			s.Reason, s.Remedies = fmt.Sprintf("the ServiceAccount, Role or RoleBinding %q of the drivers of workflows is missing", kube.DriverName), []api.Remedy{{Action: api.ClusterSetup}}
		}
	}
	s.Ready = s.Reason == ""
	return nil
}

// unread makes of a missing right what is not known; another error stays one.
func (c *Client) unread(err error, s *api.ComponentState) error {
	if !isForbidden(err) {
		return err
	}
	s.State, s.Reason = api.ReadyStateUnknown, text.Line(err.Error())
	if right := missingRight(err); right != "" {
		s.Reason = "no right to " + right
	}
	return nil
}

// missingRight are the rights of the API server's that an error is about, or "".
func missingRight(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { // each of them is looked at
		var all []string
		for _, one := range joined.Unwrap() {
			if right := missingRight(one); right != "" && !slices.Contains(all, right) {
				all = append(all, right)
			}
		}
		return strings.Join(all, ", or to ")
	}
	var f *api.ForbiddenError
	if errors.As(err, &f) {
		return f.Right
	}
	return ""
}
