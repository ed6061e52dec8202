package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
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

// idForm is what a whole id looks like; what does not is the beginning of one.
var idForm = regexp.MustCompile(`^.+-\d{4}-\d{2}-\d{2}-\d{6,}$`)

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
func (c *Client) named(ctx context.Context, o api.MonitorOptions) (found []*Record, missing, err error) {
	whole := !slices.ContainsFunc(o.IDs, func(id string) bool { return !idForm.MatchString(id) })
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
		r, err := c.choose(ctx, ref, all)
		errs = append(errs, err)
		if r != nil && !slices.ContainsFunc(found, func(have *Record) bool { return have.ID == r.ID }) {
			found = append(found, r)
		}
	}
	return found, errors.Join(errs...), ctx.Err()
}

// choose returns the record that ref names: by its id, by the beginning of it,
// or as the caller's newest.
func (c *Client) choose(ctx context.Context, ref string, all []*Record) (*Record, error) {
	user := ""
	if ref == task.Latest {
		var err error
		if user, err = c.conn.User(ctx); err != nil {
			return nil, err
		}
	}
	var found []*Record
	for _, r := range all {
		switch {
		case r.ID == ref:
			return r, nil
		case ref == task.Latest && r.User == user:
			if len(found) == 0 || r.Created.After(found[0].Created) {
				found = []*Record{r}
			}
		case strings.HasPrefix(r.ID, ref):
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && ref == task.Latest:
		return nil, &api.NotFound{Kind: "campaign", Name: ref, Namespace: c.conn.Namespace, Hint: fmt.Sprintf("user %q has none here", user)}
	case len(found) == 0:
		return c.storedRecord(ctx, ref)
	}
	ids := make([]string, len(found))
	for i, r := range found {
		ids[i] = r.ID
	}
	slices.Sort(ids)
	return nil, api.Invalid("", "%q is the beginning of %d campaigns' ids (%s); write more of it", ref, len(ids), strings.Join(ids, ", "))
}

// storedRecord reads a record from the store. What keeps it from being read
// makes the campaign not found: the cluster does not know it either.
func (c *Client) storedRecord(ctx context.Context, id string) (*Record, error) {
	if !idForm.MatchString(id) || strings.Contains(id, "/") {
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
