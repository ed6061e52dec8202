package result

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Campaign returns the id of the campaign of the cluster that a word means: its
// id, the name of one of the caller's, the beginning of one of these, or @latest for
// the caller's newest; empty for none. One that names no user is everybody's, but
// not for who changes something. Of several it is *api.InvalidSpecError. It costs one
// request per 500 campaigns, and none for a whole id, which need not be there.
func (c *Client) Campaign(ctx context.Context, word string, changes bool) (string, error) {
	if kube.CampaignName(word) != "" {
		return word, nil
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return "", err
	}
	if word == kube.Latest {
		last, err := c.newestCampaign(ctx, user, changes)
		return last.id, err
	}
	var all []kube.Candidate
	err = c.eachCampaign(ctx, labels.Set{kube.LabelKind: kube.KindCampaign}.String(), func(id string, m *corev1.ConfigMap) {
		name := kube.CampaignName(id)
		one := kube.Candidate{ID: id, Named: len(name)}
		if owner := m.Annotations[kube.AnnotationUser]; owner == user || owner == "" && !changes {
			one.Names = []string{name}
		}
		all = append(all, one)
	})
	if err != nil {
		return "", err
	}
	i, err := kube.Choose(word, "campaigns", changes, all)
	if i < 0 || err != nil {
		return "", err
	}
	return all[i].ID, nil
}

// newestCampaign is the user's newest campaign in the cluster; unless own is
// set, a campaign without a user counts too.
func (c *Client) newestCampaign(ctx context.Context, user string, own bool) (newest, error) {
	var last newest
	selector := labels.Set{kube.LabelKind: kube.KindCampaign}.String() + "," + kube.OfUser(user)
	if own {
		selector = labels.Set{kube.LabelKind: kube.KindCampaign, kube.LabelUser: kube.LabelValue(user)}.String()
	}
	err := c.eachCampaign(ctx, selector, func(id string, m *corev1.ConfigMap) { last.see(id, m.CreationTimestamp) })
	return last, err
}

// eachCampaign calls do for the campaigns in the cluster, with their ids. Tasks
// need no right to list ConfigMaps: without it there are no campaigns here.
func (c *Client) eachCampaign(ctx context.Context, selector string, do func(id string, m *corev1.ConfigMap)) error {
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		list, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).List(ctx, o)
		return list, c.conn.Classify(err, "list", "configmaps")
	})
	p.PageSize = pageSize
	err := p.EachListItem(ctx, metav1.ListOptions{LabelSelector: selector}, func(obj runtime.Object) error {
		m := obj.(*corev1.ConfigMap)
		// Anybody's ConfigMap may say that it is a campaign's.
		if id := m.Annotations[kube.AnnotationCampaign]; m.Name == kube.DNSLabel(id, "campaign", 63) && m.Labels[kube.LabelCampaign] == kube.LabelValue(id) {
			do(id, m)
		}
		return nil
	})
	if errors.As(err, new(*api.ForbiddenError)) {
		return nil
	}
	return err
}
