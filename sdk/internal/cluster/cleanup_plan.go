package cluster

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

// removal is a cleanup with everything decided.
type removal struct {
	// queue, then shared, go first, each waited for before the next: Kueue
	// keeps a ClusterQueue until nothing runs through it, and a flavor until
	// no ClusterQueue refers to it.
	queue, shared []*unstructured.Unstructured
	rest          []*unstructured.Unstructured
	record        *unstructured.Unstructured
	// kueue: the Helm release goes, and its namespace if that is ours.
	kueue     bool
	namespace *unstructured.Unstructured
	// recorded: what administrators decided for the namespace goes.
	recorded bool
	// kueueStays: it was installed by a setup and is still needed.
	kueueStays bool
	// foreign is others' work in our LocalQueue.
	foreign []string

	status api.ClusterCleanup
}

func (r *removal) keep(object, format string, args ...any) {
	r.status.Keep = append(r.status.Keep, api.KeptByReason{Object: object, Reason: fmt.Sprintf(format, args...)})
}

// planCleanup returns what Cleanup would remove and what it would keep. It changes
// nothing. Nothing to remove is not an error.
func (c *Client) planCleanup(ctx context.Context, o api.ClusterCleanupOptions) (*removal, error) {
	r := &removal{status: api.ClusterCleanup{TypeMeta: api.TypeMeta[api.ClusterCleanup](),
		ObjectMeta: metav1.ObjectMeta{Name: kube.SetupName, Namespace: c.conn.Namespace}, Remove: []string{}}}
	var (
		rec      *record
		work     *work
		recorded []string
		set      shared
		use      kueueUse
		found    foundKueue
	)
	err := together(
		func() (err error) { rec, _, err = c.readRecord(ctx); return err },
		func() (err error) { work, err = c.unfinished(ctx); return err },
		func() (err error) { recorded, err = c.recordedNamespaces(ctx); return err },
		func() (err error) {
			if found, err = c.findKueue(ctx); err == nil && found.speaks() {
				use, err = c.whoUsesKueue(ctx)
			}
			if err == nil {
				set, err = c.readShared(ctx, found.home())
			}
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	others, err := c.otherNamespaces(ctx, recorded, use.setUp, set)
	if err != nil {
		return nil, err
	}
	r.status.Work, r.foreign = work.items(), use.foreign
	there, err := c.lookup(ctx, everything(c.conn.Namespace, rec))
	if err != nil {
		return nil, err
	}
	policy, err := c.lookupPolicy(ctx)
	if err != nil {
		return nil, err
	}
	r.sort(append(there, policy...), o, others, use)
	if err := c.planKueue(ctx, r, found, others, use); err != nil {
		return nil, err
	}
	r.list()
	if set.mentions(c.conn.Namespace) {
		r.recorded = true
		r.status.Remove = append(r.status.Remove, "entry of namespace "+c.conn.Namespace+" in "+set.words())
	}
	if rec != nil {
		c.warnOfLoss(ctx, r, rec.Store, o)
	}
	return r, nil
}

// everything is all that a setup may have made, in whatever config.
func everything(namespace string, rec *record) []runtime.Object {
	p := &plan{namespace: namespace, config: &provider.GCP, values: map[string]string{provider.OptionStorageSize: "1Gi"}}
	p.record.Store.Kind, p.secrets = api.StoreBuiltIn, hiddenSecrets(namespace, storeRecord{Kind: api.StoreBuiltIn})
	if rec != nil {
		p.record = *rec
		p.record.Store.Kind = api.StoreBuiltIn
	}
	return p.all()
}

// sort assigns the existing objects to the parts of the removal. Objects of
// others stay and are not named, unless they block the removal of ours.
func (r *removal) sort(there []*unstructured.Unstructured, o api.ClusterCleanupOptions, others []string, use kueueUse) {
	for _, u := range there {
		name := describe(u)
		switch kind := u.GetKind(); {
		case !isOurs(u):
		case u.GetNamespace() == "" && len(others) > 0:
			r.keep(name, "%s also set up: %s", wereSetUp(len(others)), strings.Join(few(others), ", "))
		case (kind == "ClusterQueue" || kind == "ResourceFlavor") && len(use.ofOurs) > 0:
			r.keep(name, "used by %s, which cluster setup did not make", strings.Join(use.ofOurs, ", "))
		case kind == "ResourceFlavor" && len(use.ofFlavor) > 0:
			r.keep(name, "used by %s, which cluster setup did not make", strings.Join(use.ofFlavor, ", "))
		case kind == "LocalQueue":
			r.queue = append(r.queue, u)
		case kind == "ClusterQueue", kind == "ResourceFlavor":
			r.shared = append([]*unstructured.Unstructured{u}, r.shared...)
		case (kind == "PersistentVolumeClaim" || kind == "Secret") && o.KeepData:
			r.keep(name, "kept as requested; a later setup uses it again")
		case kind == "StorageClass" && o.KeepData:
			r.keep(name, "kept as requested; the volume is of this class")
		case kind == "ConfigMap":
			r.record = u
		default:
			r.rest = append(r.rest, u)
		}
	}
}

// otherNamespaces returns the namespaces besides ours that were set up: those
// with a record, those with a LocalQueue of ours, and those that administrators
// have set up. Who works in a namespace can take away the first two of it, and
// then lose no more than that; who adds one is named.
func (c *Client) otherNamespaces(ctx context.Context, recorded, withQueue []string, set shared) ([]string, error) {
	others := sets.New(append(recorded, withQueue...)...)
	known := set.namespaces()
	delete(known, c.conn.Namespace)
	if len(known) == 0 {
		return sets.List(others), nil
	}
	err := c.listAll(ctx, "namespaces", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.conn.Kube.CoreV1().Namespaces().List(ctx, o)
	}, func(obj runtime.Object) {
		if n := obj.(*corev1.Namespace); known[n.Name] == n.UID && n.UID != "" && n.DeletionTimestamp == nil {
			others.Insert(n.Name)
		}
	})
	if isForbidden(err) { // then none of them is known to be gone
		for name := range known {
			others.Insert(name)
		}
		err = nil
	}
	return sets.List(others), err
}

func wereSetUp(n int) string {
	if n == 1 {
		return "this namespace is"
	}
	return "these namespaces are"
}

// list names what goes, in the order in which it goes.
func (r *removal) list() {
	for _, group := range [][]*unstructured.Unstructured{r.queue, r.shared, r.rest} {
		for _, u := range group {
			r.status.Remove = append(r.status.Remove, describe(u))
		}
	}
	if r.kueue {
		r.status.Remove = append(r.status.Remove, "kueue (Helm release in namespace "+kueueNamespace+")")
	}
	if r.namespace != nil {
		r.status.Remove = append(r.status.Remove, describe(r.namespace))
	}
	if r.record != nil {
		r.status.Remove = append(r.status.Remove, describe(r.record))
	}
}

// warnOfLoss reads what the built-in store contains. If it does not answer,
// that is a warning and does not stop the cleanup.
func (c *Client) warnOfLoss(ctx context.Context, r *removal, s storeRecord, o api.ClusterCleanupOptions) {
	if s.Kind != api.StoreBuiltIn {
		return
	}
	onVolume, running := false, false
	for _, u := range append(r.rest, r.record) {
		if u != nil {
			running = running || u.GetKind() == "Deployment"
			onVolume = onVolume || u.GetKind() == "PersistentVolumeClaim"
		}
	}
	for _, k := range r.status.Keep {
		if k.Object == "persistentvolumeclaim/"+kube.StoreName {
			return // it stays
		}
	}
	if !running && !onVolume {
		return
	}
	counted, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	held, err := c.storeContent(counted)
	switch {
	case err != nil:
		r.warn("the store does not answer, so what it holds, and what would be lost, is not known: %s", text.Line(err.Error()))
	case held.Objects > 0 && o.KeepData:
		r.warn("the store holds %s in its pod, and without a volume they cannot be kept", wordsFor(held))
	case held.Objects > 0:
		r.warn("the store holds %s, and they go with it", wordsFor(held))
	}
}

func (r *removal) warn(format string, args ...any) {
	r.status.Warnings = append(r.status.Warnings, fmt.Sprintf(format, args...))
}
