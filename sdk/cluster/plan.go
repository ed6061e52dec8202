package cluster

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

// plan is a setup with everything decided.
type plan struct {
	namespace  string
	config     *Config
	values     map[string]string
	record     record
	kueueChart string
	// install: Kueue is for us to install, to complete or to change.
	install bool
	// groups are the quotas of the ClusterQueue; none yet when they have to
	// be measured. asked are those that were asked for.
	asked  corev1.ResourceList
	groups []kueue.ResourceGroup
	// secret is the store's.
	secret *corev1.Secret
	// others are objects, as describe names them, that somebody else made
	// and that are taken as they are.
	others sets.Set[string]
}

// decide makes a plan of what was asked for and what there is; config is what
// the cluster was recognised as and may be nil where one is named or recorded.
// It is InvalidSpec with every problem.
func decide(o api.SetupOptions, now *observed, recognised *Config, namespace string) (*plan, error) {
	recorded := record{}
	if now.record != nil {
		recorded = *now.record
	}
	p := &plan{namespace: namespace, config: recognised, kueueChart: o.KueueChart}
	var errs []error
	if name := o.Config; name != "" || recorded.Config != "" {
		if name == "" {
			name = recorded.Config
		}
		var err error
		p.config, err = findConfig(name)
		errs = append(errs, err)
	}
	if p.config != nil {
		kept := map[string]string{}
		if recorded.Config == p.config.Name {
			maps.Copy(kept, recorded.Options)
		}
		// A claim that is there, kept by a cleanup perhaps, is taken again.
		if now.claim != nil && isOurs(now.claim) {
			kept[optionStorageSize] = claimed(now.claim)
		}
		var err error
		p.values, err = p.config.values(o.Options, kept)
		errs = append(errs, err)
	}
	s, err := chooseStore(o.Store, recorded.Store, namespace)
	errs = append(errs, err, checkChart(o.KueueChart))
	image := recorded.Kueue.Image
	if o.KueueImage != "" {
		image = o.KueueImage
		_, _, err := splitImage(image)
		errs = append(errs, err)
	}
	if err := api.JoinInvalid(errs...); err != nil {
		return nil, err
	}
	p.record = record{Config: p.config.Name, Options: p.values, Store: s, Kueue: kueueRecord{Image: image, Installed: recorded.Kueue.Installed}}
	return p, nil
}

// check refuses what cannot be done to a claim that is there.
func (p *plan) checkClaim(there *corev1.PersistentVolumeClaim) error {
	if there == nil || p.record.Store.Kind != api.StoreBuiltIn {
		return nil
	}
	size := p.values[optionStorageSize]
	if size == "" {
		return &api.Conflict{Message: fmt.Sprintf("the store has a volume of %s, and without storage_size its data would go; "+
			"run `kubectl vast cluster cleanup` first, which says what would be lost", claimed(there))}
	}
	wanted, have := resource.MustParse(size), there.Spec.Resources.Requests[corev1.ResourceStorage]
	if wanted.Cmp(have) < 0 {
		return &api.Conflict{Message: fmt.Sprintf("the store's volume has %s, and a volume cannot shrink to %s", have.String(), size)}
	}
	class := p.config.StorageClass
	if class != "" && there.Spec.StorageClassName != nil && *there.Spec.StorageClassName != class {
		return &api.Conflict{Message: fmt.Sprintf("the store's volume is of StorageClass %q, config %s wants %q, and a volume cannot change its class; "+
			"run `kubectl vast cluster cleanup` first", *there.Spec.StorageClassName, p.config.Name, class)}
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
	return slices.Concat(p.storeObjects(p.secret), agentObjects(p.namespace), queueObjects(p.namespace, p.groups))
}

func (p *plan) storeObjects(secret *corev1.Secret) []runtime.Object {
	var objects []runtime.Object
	if p.record.Store.Kind == api.StoreNone {
		return nil
	}
	if p.record.Store.Kind == api.StoreBuiltIn {
		if p.config.NewStorageClass != nil {
			objects = append(objects, p.storageClass())
		}
		objects = append(objects, storeObjects(p.namespace, p.config, p.values[optionStorageSize], p.record.Store.image())...)
	}
	return append([]runtime.Object{secret}, objects...)
}

func (p *plan) storageClass() runtime.Object {
	class := p.config.NewStorageClass(p.values)
	class.APIVersion, class.Kind = "storage.k8s.io/v1", "StorageClass"
	class.Labels = labelsOf(componentStore)
	return class
}
