package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/kube"
	"github.com/kubevast/vast/sdk/task"
)

// selector selects objects of a kind that belong to these campaigns; to none in
// particular: to the caller's own, or to all.
func (c *Client) selector(ctx context.Context, kind string, ids []string, allUsers bool) (string, error) {
	sel := kube.LabelKind + "=" + kind
	switch {
	case len(ids) > 0:
		values := make([]string, len(ids))
		for i, id := range ids {
			values[i] = kube.LabelValue(id)
		}
		sel += "," + kube.LabelCampaign + " in (" + strings.Join(values, ",") + ")"
	case !allUsers:
		user, err := c.conn.User(ctx)
		if err != nil {
			return "", err
		}
		sel += "," + kube.LabelUser + "=" + kube.LabelValue(user)
	}
	return sel, nil
}

// eachRecord calls do for the records that sel selects. One that cannot be read
// is a warning: it must not hide the others.
func (c *Client) eachRecord(ctx context.Context, sel string, do func(*Record)) error {
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		list, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).List(ctx, o)
		return list, c.conn.Classify(err, "list", "configmaps")
	})
	return p.EachListItem(ctx, metav1.ListOptions{LabelSelector: sel}, func(obj runtime.Object) error {
		r, err := FromObject(obj.(*corev1.ConfigMap))
		if err != nil {
			c.conn.Warn(err.Error())
			return nil
		}
		do(r)
		return nil
	})
}

// named returns the records that o means, each once, and in missing why there is
// none for an id. A campaign whose ConfigMap is gone is still found in the store.
// changes says that something is going to be done to them.
func (c *Client) named(ctx context.Context, o api.MonitorOptions, changes bool) (found []*Record, missing, err error) {
	if o.IDs, err = namesOf(o.IDs); err != nil {
		return nil, nil, err
	}
	whole := allWhole(o.IDs)
	var wanted []string
	if whole {
		wanted = o.IDs
	}
	// Who gives the beginning of an id may mean anybody's.
	sel, err := c.selector(ctx, kube.KindCampaign, wanted, o.AllUsers || len(o.IDs) > 0)
	if err != nil {
		return nil, nil, err
	}
	var all []*Record
	if err := c.eachRecord(ctx, sel, func(r *Record) { all = append(all, r) }); err != nil {
		return nil, nil, err
	}
	if len(o.IDs) == 0 {
		return all, nil, nil
	}
	var errs []error
	for _, ref := range o.IDs {
		r, err := c.choose(ctx, ref, all, changes)
		errs = append(errs, err)
		if r != nil && !slices.ContainsFunc(found, func(have *Record) bool { return have.ID == r.ID }) {
			found = append(found, r)
		}
	}
	return found, errors.Join(errs...), ctx.Err()
}

// namesOf takes the type off refs such as campaign.kubevast.io/ID.
func namesOf(refs []string) ([]string, error) {
	var names []string
	var errs []error
	for _, text := range refs {
		ref, err := kube.ParseRef(text, kube.RefCampaign)
		if text == "" {
			err = api.Invalid("", "no campaign named; give its id, see: kubectl vast campaign list")
		}
		names, errs = append(names, ref.Name), append(errs, err)
	}
	return names, api.JoinInvalid(errs...)
}

// allWhole reports that all of these are whole ids.
func allWhole(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return kube.CampaignName(id) == "" })
}

// choose returns the record that ref names: by its id, by the name of one of the
// caller's campaigns, by the beginning of one of these, or as his newest.
func (c *Client) choose(ctx context.Context, ref string, all []*Record, changes bool) (*Record, error) {
	if i := slices.IndexFunc(all, func(r *Record) bool { return r.ID == ref }); i >= 0 {
		return all[i], nil
	}
	if allWhole([]string{ref}) {
		return c.storedRecord(ctx, ref)
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	if ref == task.Latest {
		return c.newest(user, all)
	}
	candidates := make([]kube.Candidate, len(all))
	for i, r := range all {
		name := kube.CampaignName(r.ID)
		candidates[i] = kube.Candidate{ID: r.ID, Named: len(name)}
		if r.User == user {
			candidates[i].Names = []string{name, r.Name}
		}
	}
	i, err := kube.Choose(ref, "campaigns", changes, candidates)
	switch {
	case err != nil:
		return nil, err
	case i < 0:
		return nil, c.notFound(ref)
	}
	return all[i], nil
}

// newest is the user's newest campaign.
func (c *Client) newest(user string, all []*Record) (*Record, error) {
	var found *Record
	for _, r := range all {
		if r.User == user && (found == nil || r.Created.After(found.Created)) {
			found = r
		}
	}
	if found == nil {
		return nil, &api.NotFound{Kind: "campaign", Name: task.Latest, Namespace: c.conn.Namespace, Hint: fmt.Sprintf("user %q has none here", user)}
	}
	return found, nil
}

// storedRecord reads a record from the store. What keeps it from being read
// makes the campaign not found: the cluster does not know it either.
func (c *Client) storedRecord(ctx context.Context, id string) (*Record, error) {
	if kube.CampaignName(id) == "" || strings.Contains(id, "/") {
		return nil, c.notFound(id)
	}
	s, err := c.seen.open(ctx, c.conn)
	if err != nil {
		return nil, c.notFound(id)
	}
	body, _, err := s.Get(ctx, keep.RecordKey(id), 0)
	if err != nil {
		return nil, c.notFound(id)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, c.notFound(id)
	}
	r, err := keep.ParseRecord(data)
	if err != nil {
		return nil, &api.Conflict{Message: fmt.Sprintf("campaign %s: %v", id, err)}
	}
	return r, nil
}
