package driver

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

const (
	// overtakeAfter is how long the driver of a queued run has not renewed its Lease when
	// later runs of the group no longer wait for that run.
	overtakeAfter = 2 * time.Minute
	// submissionTime is how long a run whose submission is not complete keeps its place.
	submissionTime = 2 * time.Minute
	// lookEvery is how often a queued run looks at its group if nothing has changed.
	lookEvery = 15 * time.Second
)

// Entrance is what came of Enter.
type Entrance struct {
	// Entered: the run is the one of its group that may run.
	Entered bool
	// Unfinished are the other runs of the group that have not ended.
	Unfinished []*record.Run
}

// Enter asks for the turn of a run in its concurrency group. A Lease of the group, which one
// run holds until it has ended or is deleted, makes one run at a time. Runs take turns in the
// order of their creation. Enter is idempotent.
func Enter(ctx context.Context, server *apiserver.Client, run *record.Run) (Entrance, error) {
	c := &cluster{api: server, namespace: run.Namespace}
	// The Lease is read before the runs: a holder that is not among them has ended.
	lease, err := c.groupLease(ctx, run.Group)
	if err != nil {
		return Entrance{}, err
	}
	out := Entrance{}
	if out.Unfinished, err = c.groupRuns(ctx, run); err != nil {
		return out, err
	}
	holder := ""
	if lease != nil {
		holder = ptr.Deref(lease.Spec.HolderIdentity, "")
	}
	if holder == string(run.UID) {
		out.Entered = true
		return out, nil
	}
	for _, other := range out.Unfinished {
		blocks, err := c.blocks(ctx, run, other, holder)
		if err != nil || blocks {
			return out, err
		}
	}
	out.Entered, err = c.takeGroup(ctx, run, lease)
	return out, err
}

// blocks reports whether a run has to wait for another one of its group.
func (c *cluster) blocks(ctx context.Context, run, other *record.Run, holder string) (bool, error) {
	phase := other.Object.Labels[kube.LabelPhase]
	old := c.api.Now().Sub(other.Object.CreationTimestamp.Time) > submissionTime
	switch {
	case other.Parts == 0 && old: // its submission was not completed
		return false, nil
	case string(other.UID) == holder, phase == workflow.PhaseRunning.String():
		return true, nil
	case !before(other, run), other.StopBy != "", other.Parts == 0, other.Object.DeletionTimestamp != nil:
		return false, nil
	}
	stale, err := c.isAbandoned(ctx, other)
	return !stale, err
}

// isAbandoned reports whether the driver of a queued run is gone: one that a client drove.
func (c *cluster) isAbandoned(ctx context.Context, run *record.Run) (bool, error) {
	l := &coordinationv1.Lease{}
	err := c.api.Send(ctx, http.MethodGet, c.leases()+"/"+run.Name, nil, l)
	if apiserver.Is(err, http.StatusNotFound) {
		return c.api.Now().Sub(run.Object.CreationTimestamp.Time) > overtakeAfter && run.Driver == "", nil
	}
	if err != nil {
		return false, err
	}
	return l.Spec.RenewTime != nil && c.api.Now().Sub(l.Spec.RenewTime.Time) > overtakeAfter, nil
}

// before reports whether a run was created before another one.
func before(a, b *record.Run) bool {
	x, y := &a.Object.CreationTimestamp, &b.Object.CreationTimestamp
	return cmp.Or(x.Compare(y.Time), cmp.Compare(a.Name, b.Name)) < 0
}

func (c *cluster) leases() string {
	return "/apis/coordination.k8s.io/v1/namespaces/" + c.namespace + "/leases"
}

// groupLease reads the Lease of a group; nil if there is none.
func (c *cluster) groupLease(ctx context.Context, group string) (*coordinationv1.Lease, error) {
	l := &coordinationv1.Lease{}
	err := c.api.Send(ctx, http.MethodGet, c.leases()+"/"+kube.GroupName(group), nil, l)
	if apiserver.Is(err, http.StatusNotFound) {
		return nil, nil
	}
	return l, err
}

// takeGroup makes a run the holder of its group, unless the Lease has changed since it was
// read. The run owns the Lease, which is deleted with it.
func (c *cluster) takeGroup(ctx context.Context, run *record.Run, have *coordinationv1.Lease) (bool, error) {
	l, method, path := have, http.MethodPut, c.leases()+"/"+kube.GroupName(run.Group)
	if l == nil {
		l = &coordinationv1.Lease{
			TypeMeta:   metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"},
			ObjectMeta: metav1.ObjectMeta{Name: kube.GroupName(run.Group), Namespace: c.namespace},
		}
		method, path = http.MethodPost, c.leases()
	}
	now := metav1.NewMicroTime(c.api.Now())
	l.Labels = map[string]string{kube.LabelKind: kube.KindGroup, kube.LabelWorkflow: run.ID, kube.LabelManagedBy: kube.ManagedBy}
	l.Annotations = map[string]string{kube.AnnotationGroup: run.Group}
	l.OwnerReferences = []metav1.OwnerReference{record.OwnerOf(run.Name, run.UID)}
	l.Spec.HolderIdentity, l.Spec.AcquireTime = ptr.To(string(run.UID)), &now
	err := c.api.Send(ctx, method, path, l, nil)
	if apiserver.Is(err, http.StatusConflict) || apiserver.Is(err, http.StatusNotFound) {
		return false, nil // another run was quicker, or the Lease was deleted with its owner
	}
	return err == nil, err
}

// groupSelector selects the runs of a group.
func groupSelector(group string) string {
	return kube.LabelKind + "=" + kube.KindWorkflow + "," + kube.LabelGroup + "=" + kube.LabelValue(group)
}

// groupRuns lists the metadata of the other runs of a group that have not ended.
func (c *cluster) groupRuns(ctx context.Context, run *record.Run) ([]*record.Run, error) {
	query := url.Values{"labelSelector": {groupSelector(run.Group)}, "limit": {strconv.Itoa(pageSize)}}
	var out []*record.Run
	for {
		var page metav1.PartialObjectMetadataList
		err := c.api.Do(ctx, apiserver.Request{Method: http.MethodGet, Path: c.core("configmaps"), Query: query, Accept: onlyMetaList}, &page)
		if err != nil {
			return nil, fmt.Errorf("the runs of group %q: %w", run.Group, err)
		}
		for i := range page.Items {
			other, err := record.FromMeta(page.Items[i].ObjectMeta)
			if err != nil || other.UID == run.UID || other.Group != run.Group || ended(other.Object.Labels[kube.LabelPhase]) {
				continue
			}
			out = append(out, other)
		}
		if page.Continue == "" {
			return out, nil
		}
		query.Set("continue", page.Continue)
	}
}

// ended reports whether the phase of a label is a final one.
func ended(label string) bool {
	var p workflow.Phase
	return p.UnmarshalText([]byte(label)) == nil && p.Final()
}

// queued reports whether the run has to wait for its group. With the policy cancel-previous it
// stops the runs before it.
func (d *driver) queued(ctx context.Context) (bool, error) {
	if d.run.Group == "" || d.run.State.Phase != workflow.PhaseQueued {
		return false, nil
	}
	if d.run.Policy == record.PolicyCancel {
		others, err := d.cluster.groupRuns(ctx, d.run)
		if err != nil {
			return false, err
		}
		for _, other := range others {
			if !before(other, d.run) || other.StopBy != "" {
				continue
			}
			d.Log("stopping run %s of the group %q", other.ID, d.run.Group)
			_, err := d.cluster.patchRun(ctx, other, map[string]any{"metadata": map[string]any{"uid": other.UID,
				"annotations": map[string]any{kube.AnnotationStop: "run " + d.run.ID}}})
			if err != nil && !apiserver.Is(err, http.StatusNotFound) && !apiserver.Is(err, http.StatusConflict) {
				return false, err
			}
		}
	}
	e, err := Enter(ctx, d.API, d.run)
	return !e.Entered, err
}

// followGroup keeps the view of the group up to date until the function that it returns is
// called. A run without a group has nothing to follow.
func (d *driver) followGroup(ctx context.Context, v *view) (stop func()) {
	if d.run.Group == "" || d.run.State.Phase != workflow.PhaseQueued {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.groupMirror(d.cluster, d.Log).follow(ctx)
	}()
	return func() { cancel(); <-done }
}

// groupMirror wakes the driver when another run of the group begins, ends or is deleted.
func (v *view) groupMirror(c *cluster, log func(string, ...any)) *mirror {
	return &mirror{cluster: c, path: c.core("configmaps"), query: url.Values{"labelSelector": {groupSelector(v.run.Group)}}, log: log,
		accept: onlyMeta, begin: func() {}, end: v.wake, put: decoded(v.putOther), gone: decoded(func(obj *metav1.PartialObjectMetadata) {
			v.mu.Lock()
			defer v.mu.Unlock()
			delete(v.group, obj.UID)
			v.wake()
		})}
}

// putOther records the phase of another run of the group.
func (v *view) putOther(obj *metav1.PartialObjectMetadata) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if phase := obj.Labels[kube.LabelPhase]; obj.UID != v.run.UID && v.group[obj.UID] != phase {
		v.group[obj.UID] = phase
		v.wake()
	}
}
