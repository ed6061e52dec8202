package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// plan is a setup with everything decided.
type plan struct {
	// hint is where its errors' hints lead to.
	hint       hint.Target
	namespace  string
	config     *Config
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
	// others are objects, as describe names them, that somebody else made
	// and that are taken as they are.
	others sets.Set[string]
}

// decide makes a plan of what was asked for and what there is; config is what
// the cluster was recognised as and may be nil where one is named or recorded.
// It is InvalidSpecError with every problem.
func decide(o api.SetupOptions, now *observed, recognised *Config, namespace string) (*plan, error) {
	recorded := record{}
	if now.record != nil {
		recorded = *now.record
	}
	p := &plan{namespace: namespace, config: recognised, kueueChart: o.KueueChart, storeLimited: now.storeLimited()}
	var errs []error
	if name := cmp.Or(o.Config, recorded.Config); name != "" {
		var err error
		p.config, err = findConfig(name)
		errs = append(errs, err)
	}
	if p.config != nil {
		kept := map[string]string{}
		if recorded.Config == p.config.Name {
			maps.Copy(kept, recorded.Options)
		}
		errs = append(errs, p.config.confirm(kept, o.Options, now.class, namespace))
		// A claim that is there, kept by a cleanup perhaps, is taken again.
		if now.claim != nil && isOurs(now.claim) {
			kept[optionStorageSize] = claimed(now.claim)
		}
		var err error
		p.values, err = p.config.values(o.Options, kept)
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

// checkRecord refuses to go on by a record that asks for more than the record of
// a namespace can: for a config that makes objects of the whole cluster and is
// not that of its nodes, or for an image that no administrator has named. What
// the options name, or what is not going to be installed, is asked by nobody.
func (p *plan) checkRecord(o api.SetupOptions, now *observed, recognised *Config) error {
	if now.record == nil {
		return nil
	}
	if o.Config == "" && recognised != nil && recognised != p.config {
		return &api.ConflictError{Message: fmt.Sprintf(
			"the record of the setup (ConfigMap %q in namespace %q), which users of the namespace can write, names the config %s, but the nodes are those of %s; name the one to take: %s; nothing was changed",
			kube.SetupName, p.namespace, p.config.Name, recognised.Name, p.hint.Vast("cluster", "setup", recognised.Name))}
	}
	if was := now.record.Store; was.Kind == api.StoreBuiltIn && p.record.Store.Kind == api.StoreBuiltIn && o.Store.Image == "" {
		if err := unconfirmed(p.namespace, "the store", "--store-image", was.Image, p.record.Store.image()); err != nil {
			return err
		}
	}
	if p.install && o.KueueImage == "" {
		return unconfirmed(p.namespace, "Kueue", "--kueue-image", now.record.Kueue.Image, cmp.Or(p.kueueImage, kueueImage))
	}
	return nil
}

// check refuses what cannot be done to a claim that is there.
func (p *plan) checkClaim(there *corev1.PersistentVolumeClaim) error {
	if there == nil || p.record.Store.Kind != api.StoreBuiltIn {
		return nil
	}
	size := p.values[optionStorageSize]
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
		return &api.ConflictError{Message: fmt.Sprintf("the store's volume is of StorageClass %q, config %s wants %q, and a volume cannot change its class; "+
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
	return slices.Concat(p.storeObjects(), agentObjects(p.namespace), queueObjects(p.namespace, p.groups))
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
		objects = append(objects, storeObjects(p.storePod(), p.config, p.values[optionStorageSize])...)
	}
	return append(p.secrets.objects(), objects...)
}

// storePod is the built-in store that is planned.
func (p *plan) storePod() storePod {
	s := storePod{namespace: p.namespace, image: p.record.Store.image(), old: p.old, tls: !p.old && !p.record.Store.Plain, limited: p.storeLimited}
	if root := p.secrets.root; root != nil {
		s.state = kube.Hash(string(root.Data[kube.StoreAccessKey]) + string(root.Data[rootCert]))
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
	class.Labels = labelsOf(componentStore)
	return class
}
