package runs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// storeAtOnce is how many small requests are sent to the store at a time.
const storeAtOnce = 32

// drop removes the references of a run to the results of its tasks, and records that: the
// results without references are garbage. It is idempotent.
func (c *Client) drop(ctx context.Context, run *record.Run) error {
	if run.Object.Annotations[kube.AnnotationKept] == "" {
		return nil
	}
	s, err := portforward.Open(ctx, c.conn)
	if api.IsNotInstalled(err) { // the store was removed, and the results with it
		return nil
	}
	if err != nil {
		return err
	}
	defer s.Close()
	spec := &record.Spec{}
	if run.Parts > 0 {
		if spec, err = c.header(ctx, run); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(storeAtOnce)
	for name, t := range run.State.Tasks {
		first := 1
		if t.Kept != "" {
			first = t.Attempt
		}
		for n := max(first, 1); n <= t.Attempt; n++ {
			id := kube.StepID(cmp.Or(t.Kept, run.ID), name, n)
			ref := layout.RefKey(id, run.ID)
			if one := spec.Campaigns[name]; one != nil {
				id = one.Attempt(n)
				ref = layout.CampaignRefKey(id, run.ID)
			}
			g.Go(func() error {
				if _, err := s.Put(ctx, layout.DroppedKey(id, run.ID), strings.NewReader(""), 0, store.PutOptions{}); err != nil {
					return err
				}
				return s.Delete(ctx, ref)
			})
		}
	}
	return g.Wait()
}

// defaultGrace is how long results without references stay: a pod may still be writing them.
const defaultGrace = time.Hour

// CollectGarbage implements sdk.Workflow.
func (c *Client) CollectGarbage(ctx context.Context, o api.GarbageOptions) (*api.GarbageList, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if o.Grace < 0 {
		return nil, api.InvalidOption("Grace", "%s is negative", o.Grace)
	}
	s, err := portforward.Open(ctx, c.conn)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	list := &api.GarbageList{TypeMeta: api.TypeMeta[api.GarbageList](), Items: []api.Garbage{}}
	if err := c.expire(ctx, o.DryRun, list); err != nil {
		return list, err
	}
	var last *dropped
	finish := func() error {
		if last == nil {
			return nil
		}
		return c.collect(ctx, s, last, cmp.Or(o.Grace, defaultGrace), o.DryRun.Keeps(), list)
	}
	for object, err := range s.List(ctx, layout.Dropped, store.ListOptions{}) {
		if err != nil {
			return list, err
		}
		task, run, ok := strings.Cut(strings.TrimPrefix(object.Key, layout.Dropped), "/")
		if !ok || !kube.IsTaskID(task) && kube.CampaignName(task) == "" {
			continue
		}
		if last == nil || last.task != task {
			if err := finish(); err != nil {
				return list, err
			}
			last = &dropped{task: task}
		}
		last.runs, last.keys = append(last.runs, run), append(last.keys, object.Key)
		if object.Modified.After(last.at) {
			last.at = object.Modified
		}
	}
	return list, finish()
}

// dropped are the references to the results of a task that were dropped.
type dropped struct {
	task       string
	runs, keys []string
	at         time.Time
}

// collect removes the results of a task without references, and adds them to list. The
// records of the references go last, so that a call that is interrupted can be repeated.
func (c *Client) collect(ctx context.Context, s store.Backend, d *dropped, grace time.Duration, keeps bool, list *api.GarbageList) error {
	g := api.Garbage{TaskID: d.task, Runs: slices.Clone(d.runs)}
	prefix, refs := layout.TaskPrefix(d.task), layout.RefsPrefix(d.task)
	if !kube.IsTaskID(d.task) {
		g.TaskID, g.Campaign = "", d.task
		prefix, refs = layout.CampaignPrefix(d.task), layout.CampaignRefsPrefix(d.task)
	}
	used, undone := false, []string(nil)
	for object, err := range s.List(ctx, refs, store.ListOptions{}) {
		if err != nil {
			return err
		}
		run := strings.TrimPrefix(object.Key, refs)
		exists := true
		if slices.Contains(d.runs, run) { // its submission, or its deletion, was not completed
			if exists, err = c.exists(ctx, s, run); err != nil {
				return err
			}
		}
		if exists {
			used = true
		} else {
			undone = append(undone, object.Key)
			if object.Modified.After(d.at) {
				d.at = object.Modified
			}
		}
	}
	recent := time.Since(d.at) < grace
	if keeps && !recent && len(undone) > 0 {
		if err := s.Delete(ctx, undone...); err != nil {
			return err
		}
	}
	if used {
		if !keeps || recent && len(undone) > 0 {
			return nil
		}
		return s.Delete(ctx, d.keys...) // another run uses them, and records when it does no more
	}
	if recent {
		list.Recent++
		return nil
	}
	if keeps {
		if err := s.AbortUploads(ctx, prefix); err != nil {
			return err
		}
	}
	for _, prefix := range []string{prefix, layout.CampaignIndex(d.task)} {
		if err := empty(ctx, s, prefix, keeps, &g); err != nil {
			return err
		}
	}
	if keeps {
		if err := s.Delete(ctx, d.keys...); err != nil {
			return err
		}
	}
	if g.Objects > 0 {
		list.Items = append(list.Items, g)
	}
	return nil
}

// exists reports whether a run is in the cluster or in the history.
func (c *Client) exists(ctx context.Context, s store.Backend, run string) (bool, error) {
	if !kube.IsTaskID(run) {
		return true, nil // it is not ours
	}
	_, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Get(ctx, kube.RunName(run), metav1.GetOptions{})
	if err == nil {
		return true, nil
	}
	if !apierrors.IsNotFound(err) {
		return false, c.conn.Classify(err, "get", configMaps)
	}
	_, err = history.Open(s, c.conn.Namespace).Get(ctx, run)
	if api.IsNotFound(err) {
		return false, nil
	}
	return true, err
}

// empty removes the objects below a prefix, and counts them in g.
func empty(ctx context.Context, s store.Backend, prefix string, keeps bool, g *api.Garbage) error {
	const batch = 1000
	var keys []string
	flush := func() error {
		defer func() { keys = keys[:0] }()
		if !keeps || len(keys) == 0 {
			return nil
		}
		return s.Delete(ctx, keys...)
	}
	for object, err := range s.List(ctx, prefix, store.ListOptions{}) {
		if err != nil {
			return err
		}
		g.Objects++
		g.Bytes += object.Size
		if keys = append(keys, object.Key); len(keys) == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
