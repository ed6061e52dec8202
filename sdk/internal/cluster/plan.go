package cluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// plan is a setup with everything decided.
type plan struct {
	namespace  string
	config     *provider.Config
	values     map[string]string
	record     record
	kueueChart string
	// kueueImage and storeImage are what administrators asked for; empty are
	// this program's.
	kueueImage, storeImage string
	// install: Kueue is for us to install, to complete or to change.
	install bool
	// groups are the quotas of the ClusterQueue; none yet when they have to
	// be measured. asked are those that were asked for.
	asked  corev1.ResourceList
	groups []kueue.ResourceGroup
	// secrets are the store's.
	secrets storeSecrets
	// old: the built-in store stays as an older version made it. replaces: such a
	// one is ended first.
	old, replaces bool
	// storeLimited: the store's container has a limit of CPUs.
	storeLimited bool
	// others are objects, as describe names them, that others made and that are
	// used as they are.
	others sets.Set[string]
}

// decide makes a plan of what was asked for and what there is; config is what
// the cluster was recognized as and may be nil where one is named or recorded.
// It is InvalidSpecError with every problem.
func decide(o api.SetupOptions, now *observed, recognized *provider.Config, namespace string) (*plan, error) {
	recorded := record{}
	if now.record != nil {
		recorded = *now.record
	}
	p := &plan{namespace: namespace, config: recognized, kueueChart: o.KueueChart, storeLimited: now.storeLimited()}
	var errs []error
	if name := cmp.Or(o.Config, recorded.Config); name != "" {
		var err error
		p.config, err = provider.Find(name)
		errs = append(errs, err)
	}
	if p.config != nil {
		kept := map[string]string{}
		if recorded.Config == p.config.Name {
			maps.Copy(kept, recorded.Options)
		}
		errs = append(errs, p.config.Confirm(kept, o.Options, now.class, namespace))
		// A claim that is there, kept by a cleanup perhaps, is taken again.
		if now.claim != nil && isOurs(now.claim) {
			kept[provider.OptionStorageSize] = claimed(now.claim)
		}
		var err error
		p.values, err = p.config.Values(o.Options, kept)
		errs = append(errs, err)
	}
	given := now.shared.of(sharedStore, namespace, now.uid)
	s, err := chooseStore(o.Store, recorded.Store, given, namespace)
	p.storeImage = unless(cmp.Or(o.Store.Image, given), storeImage)
	p.kueueImage = unless(cmp.Or(o.KueueImage, now.shared.data[sharedKueue], releasedImage(now.release)), kueueImage)
	errs = append(errs, err, checkChart(o.KueueChart))
	if problems := checkImage("KueueImage", p.kueueImage); len(problems) > 0 {
		errs = append(errs, &api.InvalidSpecError{Problems: problems})
	}
	if err := api.JoinInvalid(errs...); err != nil {
		return nil, err
	}
	p.record = record{Config: p.config.Name, Options: p.values, Store: s}
	return p, nil
}

// checkRecord refuses to continue from a record that requests more than the
// record of a namespace can: a config that makes objects of the whole cluster
// and is not that of its nodes, or an image that no administrator has named.
// What the options name, or what is not going to be installed, is not checked.
func (p *plan) checkRecord(o api.SetupOptions, now *observed, recognized *provider.Config) error {
	if now.record == nil {
		return nil
	}
	if o.Config == "" && recognized != nil && recognized != p.config {
		return &api.ConflictError{Message: fmt.Sprintf(
			"the record of the setup (ConfigMap %q in namespace %q), which users of the namespace can write, names the config %s, but the nodes are those of %s; nothing was changed",
			kube.SetupName, p.namespace, p.config.Name, recognized.Name), Remedies: []api.Remedy{{Action: api.ClusterSetup, Ref: recognized.Name}}}
	}
	if was := now.record.Store; was.Kind == api.StoreBuiltIn && p.record.Store.Kind == api.StoreBuiltIn && o.Store.Image == "" {
		if err := unconfirmed(p.namespace, "the store", "StoreImage", was.Image, p.record.Store.image()); err != nil {
			return err
		}
	}
	if p.install && o.KueueImage == "" {
		return unconfirmed(p.namespace, "Kueue", "KueueImage", now.record.Kueue.Image, cmp.Or(p.kueueImage, kueueImage))
	}
	return nil
}

// check refuses what cannot be done to a claim that is there.
func (p *plan) checkClaim(there *corev1.PersistentVolumeClaim) error {
	if there == nil || p.record.Store.Kind != api.StoreBuiltIn {
		return nil
	}
	size := p.values[provider.OptionStorageSize]
	if size == "" {
		return &api.ConflictError{Message: fmt.Sprintf("the store has a volume of %s, and without storage_size its data would go; "+
			"clean up first", claimed(there)), Remedies: []api.Remedy{{Action: api.ClusterCleanupRun, Purpose: "see what would be lost"}}}
	}
	wanted, have := resource.MustParse(size), there.Spec.Resources.Requests[corev1.ResourceStorage]
	if wanted.Cmp(have) < 0 {
		return &api.ConflictError{Message: fmt.Sprintf("the store's volume has %s, and a volume cannot shrink to %s", have.String(), size)}
	}
	class := p.config.StorageClass
	if class != "" && there.Spec.StorageClassName != nil && *there.Spec.StorageClassName != class {
		return &api.ConflictError{Message: fmt.Sprintf("the store's volume is of StorageClass %q, config %s requires %q, and a volume cannot change its class; "+
			"clean up first", *there.Spec.StorageClassName, p.config.Name, class), Remedies: []api.Remedy{{Action: api.ClusterCleanupRun}}}
	}
	return nil
}

func claimed(claim *corev1.PersistentVolumeClaim) string {
	q := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	return q.String()
}

// objects are all objects of a plan but for the record and Kueue's own. Those
// that others need come first.
func (p *plan) objects() []runtime.Object {
	return slices.Concat(p.storeObjects(), desired.Agent(p.namespace), desired.Driver(p.namespace), desired.Queues(p.namespace, p.groups))
}

func (p *plan) storeObjects() []runtime.Object {
	var objects []runtime.Object
	if p.record.Store.Kind == api.StoreNone {
		return nil
	}
	if p.record.Store.Kind == api.StoreBuiltIn {
		if p.config.NewStorageClass != nil {
			objects = append(objects, p.storageClass())
		}
		objects = append(objects, desired.Store(p.storePod(), p.config, p.values[provider.OptionStorageSize])...)
	}
	return append(p.secrets.objects(), objects...)
}

// storePod is the built-in store that is planned.
func (p *plan) storePod() desired.StorePod {
	s := desired.StorePod{Namespace: p.namespace, Image: p.record.Store.image(), Old: p.old, TLS: !p.old && !p.record.Store.Plain, Limited: p.storeLimited}
	if root := p.secrets.root; root != nil {
		s.State = kube.Hash(string(root.Data[kube.StoreAccessKey]) + string(root.Data[desired.RootCert]))
	}
	return s
}

// storeDeployment is the last of the store's objects.
func (p *plan) storeDeployment() runtime.Object {
	objects := p.storeObjects()
	return objects[len(objects)-1]
}

func (p *plan) storageClass() runtime.Object {
	class := p.config.NewStorageClass(p.values)
	class.APIVersion, class.Kind = "storage.k8s.io/v1", "StorageClass"
	class.Labels = desired.Labels(desired.ComponentStore)
	return class
}

// fillQuota measures the quota of a plan that has none, before anything is made.
func (c *Client) fillQuota(ctx context.Context, p *plan, now *observed) (err error) {
	if len(p.groups) == 0 {
		p.groups, err = c.measured(ctx, p, now.kueue.speaks())
	}
	return err
}

// planned is what a setup would come to. In a dry run of the API server that has
// checked the objects.
func (c *Client) planned(ctx context.Context, p *plan, now *observed, d api.DryRun) (*api.ClusterStatus, error) {
	if err := c.fillQuota(ctx, p, now); err != nil {
		return nil, err
	}
	if d.Sends() {
		if _, err := c.checked(ctx, p, now); err != nil {
			return nil, err
		}
	}
	component := func(name string) api.ComponentState {
		return api.ComponentState{Name: name, Reason: "not looked at in a dry run"}
	}
	s := &api.ClusterStatus{
		TypeMeta:   api.TypeMeta[api.ClusterStatus](),
		ObjectMeta: metav1.ObjectMeta{Name: kube.SetupName, Namespace: p.namespace},
		Config:     p.record.Config, Options: p.record.Options,
		Kueue: api.KueueStatus{ComponentState: component("kueue"), Version: now.kueue.version(), Image: now.kueue.image(),
			InstalledBySetup: p.install || now.release != nil && now.release.Ours},
		Queue: api.ClusterQueue{ComponentState: component(kube.LocalQueueName), ClusterQueue: kube.ClusterQueueName,
			Resources: queue.Quotas(desired.ClusterQueue(p.groups))},
		Store: api.StoreStatus{ComponentState: component(kube.StoreName), Kind: p.record.Store.Kind,
			Endpoint: p.record.Store.Endpoint, Bucket: p.record.Store.Bucket},
		Agent: component(kube.AgentName),
	}
	if now.kueue.deployment != nil {
		s.Kueue.Namespace = now.kueue.deployment.Namespace
	}
	if p.install {
		s.Kueue.Namespace, s.Kueue.Version = kueueNamespace, kube.KueueVersion
		s.Kueue.Image = cmp.Or(p.kueueImage, kueueImage)
	}
	if s.Store.Kind == api.StoreBuiltIn {
		s.Store.Image, s.Store.Capacity, s.Store.StorageClass = p.record.Store.image(), p.values[provider.OptionStorageSize], p.config.StorageClass
	}
	return s, nil
}

// rights are what carrying out a plan needs, each once.
func (p *plan) rights() []authz.Right {
	var all []authz.Right
	add := func(more ...authz.Right) {
		for _, r := range more {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	for _, obj := range append(p.without(p.objects()), p.record.object(p.namespace)) {
		u := toUnstructured(obj)
		gvk := u.GroupVersionKind()
		needed := authz.Each(schema.GroupResource{Group: gvk.Group, Resource: resources[gvk.Kind]}.String(), "create", "patch")
		if u.GetNamespace() == "" {
			needed = authz.InCluster(needed)
		}
		add(needed...)
	}
	if p.replaces {
		add(authz.Each("deployments.apps", "delete")...)
	}
	if len(p.groups) == 0 {
		add(authz.InCluster(append(authz.Each("nodes", "list"), authz.Each("pods", "list")...))...)
	}
	if p.install {
		// Helm makes much more; who may make these may make that, too.
		for _, resource := range []string{"namespaces", "customresourcedefinitions.apiextensions.k8s.io", "clusterroles.rbac.authorization.k8s.io"} {
			add(authz.InCluster(authz.Each(resource, "create"))...)
		}
	}
	return all
}
