package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// Selector selects objects of a kind that belong to these campaigns; to none in
// particular: to the caller's own and those that name no user, or to all.
func (c *Client) Selector(ctx context.Context, kind string, ids []string, allUsers bool) (string, error) {
	sel := kube.LabelKind + "=" + kind
	switch {
	case len(ids) > 0:
		values := make([]string, len(ids))
		for i, id := range ids {
			values[i] = kube.LabelValue(id)
		}
		sel += "," + kube.LabelCampaign + " in (" + strings.Join(values, ",") + ")"
	case !allUsers:
		user, err := c.Conn.User(ctx)
		if err != nil {
			return "", err
		}
		sel += "," + kube.OfUser(user)
	}
	return sel, nil
}

// eachRecord calls do for the records that sel selects. One that cannot be read,
// or is that of something else, is a warning: it must not hide the others.
func (c *Client) Each(ctx context.Context, sel string, do func(*layout.Record)) error {
	return c.eachObject(ctx, sel, func(_ string, r *layout.Record, err error) {
		if err != nil {
			c.Conn.Warn(err.Error())
			return
		}
		do(r)
	})
}

// eachObject calls do for the ConfigMaps that sel selects, with their names, and
// the record or what is wrong with it.
func (c *Client) eachObject(ctx context.Context, sel string, do func(string, *layout.Record, error)) error {
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		list, err := c.Conn.Kube.CoreV1().ConfigMaps(c.Conn.Namespace).List(ctx, o)
		return list, c.Conn.Classify(err, "list", "configmaps")
	})
	return p.EachListItem(ctx, metav1.ListOptions{LabelSelector: sel}, func(obj runtime.Object) error {
		m := obj.(*corev1.ConfigMap)
		r, err := FromObject(m)
		do(m.Name, r, err)
		return nil
	})
}

// named returns the records that o means, each once, and in missing why there is
// none for an id. A campaign whose ConfigMap is gone is still found in the store.
// changes says that something is going to be done to them.
func (c *Client) Find(ctx context.Context, o api.CampaignListOptions, changes bool) (found []*layout.Record, missing, err error) {
	if o.Refs, err = c.ParseRefs(o.Refs); err != nil {
		return nil, nil, err
	}
	whole := AreIDs(o.Refs)
	var wanted []string
	if whole {
		wanted = o.Refs
	}
	// Who gives the beginning of an id may mean anybody's.
	sel, err := c.Selector(ctx, kube.KindCampaign, wanted, o.AllUsers || len(o.Refs) > 0)
	if err != nil {
		return nil, nil, err
	}
	var all []*layout.Record
	wrong := map[string]error{}
	for _, id := range wanted {
		wrong[ObjectName(id)] = nil
	}
	err = c.eachObject(ctx, sel, func(name string, r *layout.Record, err error) {
		switch _, asked := wrong[name]; {
		case err == nil:
			all = append(all, r)
		case asked:
			wrong[name] = err // it is what the campaign that was asked for has in the cluster
		default:
			c.Conn.Warn(err.Error())
		}
	})
	if err != nil {
		return nil, nil, err
	}
	if len(o.Refs) == 0 {
		if changes && !o.AllUsers {
			user, err := c.Conn.User(ctx)
			if err != nil {
				return nil, nil, err
			}
			all = slices.DeleteFunc(all, func(r *layout.Record) bool { return !isOf(r, user, changes) })
		}
		return all, nil, nil
	}
	var errs []error
	for _, ref := range o.Refs {
		var r *layout.Record
		err := wrong[ObjectName(ref)]
		if err == nil {
			r, err = c.choose(ctx, ref, all, changes)
		}
		errs = append(errs, err)
		if r != nil && !slices.ContainsFunc(found, func(have *layout.Record) bool { return have.ID == r.ID }) {
			found = append(found, r)
		}
	}
	return found, errors.Join(errs...), ctx.Err()
}

// namesOf takes the type off refs such as campaign.kubevast.io/ID.
func (c *Client) ParseRefs(refs []string) ([]string, error) {
	var names []string
	var errs []error
	for _, text := range refs {
		ref, err := kube.ParseRef(text, kube.RefCampaign)
		if text == "" {
			err = &api.InvalidSpecError{Problems: []api.Problem{{Message: "no campaign named; give its id", Remedies: []api.Remedy{{Action: api.CampaignsList}}}}}
		}
		names, errs = append(names, ref.Name), append(errs, err)
	}
	return names, api.JoinInvalid(errs...)
}

// allWhole reports that all of these are whole ids.
func AreIDs(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return kube.CampaignName(id) == "" })
}

// choose returns the record that ref names: by its id, by the name of one of the
// caller's campaigns, by the beginning of one of these, or as his newest.
func (c *Client) choose(ctx context.Context, ref string, all []*layout.Record, changes bool) (*layout.Record, error) {
	if i := slices.IndexFunc(all, func(r *layout.Record) bool { return r.ID == ref }); i >= 0 {
		return all[i], nil
	}
	if AreIDs([]string{ref}) {
		return c.storedRecord(ctx, ref)
	}
	user, err := c.Conn.User(ctx)
	if err != nil {
		return nil, err
	}
	if ref == kube.Latest {
		return c.newest(user, all, changes)
	}
	candidates := make([]kube.Candidate, len(all))
	for i, r := range all {
		name := kube.CampaignName(r.ID)
		candidates[i] = kube.Candidate{ID: r.ID, Named: len(name)}
		if isOf(r, user, changes) {
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

// isOf reports whether a campaign matches a name that the user gives. Every
// user can read a campaign that records no user, as a prepared folder's does,
// and change it only by its id.
func isOf(r *layout.Record, user string, changes bool) bool {
	return r.User == user || r.User == "" && !changes
}

// newest is the user's newest campaign.
func (c *Client) newest(user string, all []*layout.Record, changes bool) (*layout.Record, error) {
	var found *layout.Record
	for _, r := range all {
		if isOf(r, user, changes) && (found == nil || r.Created.After(found.Created)) {
			found = r
		}
	}
	if found == nil {
		return nil, &api.NotFoundError{Kind: "campaign", Name: kube.Latest, Namespace: c.Conn.Namespace, Hint: fmt.Sprintf("user %q has none here", user)}
	}
	return found, nil
}

// storedRecord reads a record from the store. If it cannot be read the campaign
// is not found, since the cluster has no record either.
func (c *Client) storedRecord(ctx context.Context, id string) (*layout.Record, error) {
	if CheckID(id) != nil {
		return nil, c.notFound(id)
	}
	s, err := c.OpenToRead(ctx)
	if err != nil {
		return nil, c.notFound(id)
	}
	r, err := c.Stored(ctx, s, id)
	if wrong := (*api.ConflictError)(nil); err != nil && !errors.As(err, &wrong) {
		return nil, c.notFound(id)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// FindForChange finds the campaign that ref names in order to change it, and
// checks the user's rights at the same time.
func (c *Client) FindForChange(ctx context.Context, ref string, needed ...authz.Right) (*layout.Record, error) {
	var group errgroup.Group
	group.Go(func() error { return c.Rights.Require(ctx, needed...) })
	found, absent, err := c.Find(ctx, api.CampaignListOptions{Refs: []string{ref}}, true)
	if err := cmp.Or(err, absent, group.Wait()); err != nil {
		return nil, err
	}
	return found[0], nil
}

func JobSelector(id string) string {
	return kube.LabelKind + "=" + kube.KindRun + "," + kube.LabelCampaign + "=" + kube.LabelValue(id)
}
