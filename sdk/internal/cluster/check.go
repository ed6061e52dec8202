package cluster

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

// checkThere reads the existing objects with the names of the plan's objects,
// and refuses what cannot be made or what would lose data. Only the API server
// can decide whether the store's pod would be replaced: the client's dry run
// cannot.
func (c *Client) checkThere(ctx context.Context, r *run, p *plan, now *observed, d api.DryRun) error {
	there, err := c.lookup(ctx, p.objects())
	if err != nil {
		return err
	}
	p.others = sets.New[string]()
	ours := slices.DeleteFunc(slices.Clone(there), func(u *unstructured.Unstructured) bool {
		if isOurs(u) || !isShared(u) {
			return false
		}
		p.others.Insert(describe(u))
		r.say("%s was not made by kubevast and is used as it is", describe(u))
		return true
	})
	if err := foreign(ours); err != nil {
		return err
	}
	if err := p.checkClaim(now.claim); err != nil {
		return err
	}
	if err := p.checkStorageClass(ours); err != nil {
		return err
	}
	if err := c.checkGrowth(ctx, p, now.claim); err != nil {
		return err
	}
	if err := c.checkWork(ctx, p, now); err != nil {
		return err
	}
	if !d.Sends() {
		return nil
	}
	return c.checkLoss(ctx, p, now)
}

// checkWork refuses to take a store away from work that has not ended: what runs
// writes to the one that it was begun with, and what waits has its inputs there.
func (c *Client) checkWork(ctx context.Context, p *plan, now *observed) error {
	if now.record == nil || !leaves(now.record.Store, p.record.Store) {
		return nil
	}
	w, err := c.unfinished(ctx)
	if err != nil {
		return err
	}
	if all := w.items(); len(all) > 0 {
		return &api.ConflictError{Message: fmt.Sprintf("the store cannot be changed while work that may use it has not ended: %s; wait for it or stop it first", wordsForWork(all)),
			Remedies: toStop(all)}
	}
	return nil
}

// leaves reports that another store takes the place of one.
func leaves(old, other storeRecord) bool {
	switch old.Kind {
	case api.StoreBuiltIn:
		return other.Kind != old.Kind || other.Plain != old.Plain
	case api.StoreExternal:
		return other.Kind != old.Kind || other.Endpoint != old.Endpoint || other.Bucket != old.Bucket
	}
	return false
}

// checkStorageClass refuses to change what cannot be changed.
func (p *plan) checkStorageClass(there []*unstructured.Unstructured) error {
	for _, u := range there {
		if u.GetKind() != "StorageClass" {
			continue
		}
		wanted := p.config.NewStorageClass(p.values)
		have, _, _ := unstructured.NestedStringMap(u.Object, "parameters")
		for key, value := range wanted.Parameters {
			if have[key] != value {
				return &api.ConflictError{Message: fmt.Sprintf("the StorageClass %q has %s %q, not %q, and that cannot be changed: "+
					"clean up every namespace that was set up first", u.GetName(), key, have[key], value),
					Remedies: []api.Remedy{{Action: api.ClusterCleanupRun}}}
			}
		}
	}
	return nil
}

// checkGrowth refuses to grow a volume that its StorageClass cannot grow.
func (c *Client) checkGrowth(ctx context.Context, p *plan, there *corev1.PersistentVolumeClaim) error {
	if there == nil || p.record.Store.Kind != api.StoreBuiltIn {
		return nil
	}
	wanted, err := resource.ParseQuantity(p.values[provider.OptionStorageSize])
	have := there.Spec.Resources.Requests[corev1.ResourceStorage]
	if err != nil || wanted.Cmp(have) <= 0 {
		return nil
	}
	name := ""
	if there.Spec.StorageClassName != nil {
		name = *there.Spec.StorageClassName
	}
	class, err := c.conn.Kube.StorageV1().StorageClasses().Get(ctx, name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return c.conn.Classify(err, "get", "storageclasses.storage.k8s.io")
	}
	if err == nil && class.AllowVolumeExpansion != nil && *class.AllowVolumeExpansion {
		return nil
	}
	return &api.ConflictError{Message: fmt.Sprintf("the store's volume has %s, and its StorageClass %q does not allow volumes to grow to %s",
		have.String(), name, wanted.String())}
}

// checkLoss refuses to replace the pod of a store that keeps its data in that
// pod, when there is any.
func (c *Client) checkLoss(ctx context.Context, p *plan, now *observed) error {
	if now.record == nil || now.record.Store.Kind != api.StoreBuiltIn || now.claim != nil {
		return nil
	}
	replaced, err := c.replacesStore(ctx, p)
	if err != nil || !replaced {
		return err
	}
	held, err := c.storeContent(ctx)
	if err != nil || held.Objects == 0 {
		return nil // a store that does not answer holds nothing that could be saved
	}
	return &api.ConflictError{Message: fmt.Sprintf("the store holds %s in its pod, which would be replaced; %s", wordsFor(held), saveFirst),
		Remedies: toSave()}
}

// replacesStore reports whether the plan would end the store's pod.
func (c *Client) replacesStore(ctx context.Context, p *plan) (bool, error) {
	if p.replaces {
		return true, nil
	}
	for _, obj := range p.storeObjects() {
		u := toUnstructured(obj)
		if u.GetKind() != "Deployment" {
			continue
		}
		there, err := c.get(ctx, u)
		if err != nil || there == nil {
			return false, err
		}
		changed, err := c.apply(ctx, u, api.DryRunServer)
		return err == nil && changed.GetGeneration() != there.GetGeneration(), err
	}
	return true, nil
}
