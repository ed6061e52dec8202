package cluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

// Setup makes the cluster and the client's namespace ready for tasks, and
// returns when all of it works. It is idempotent: what is as it should be is
// not touched, and what an earlier call left half-way is completed.
//
// Wrong options, and a store of the user's that would lose results, are
// *api.InvalidSpecError; a Kueue that is too old, objects of others under our
// names, and a volume that would have to shrink are *api.ConflictError. In both
// cases nothing was made but perhaps the store's bucket. *api.TimedOutError
// names what was not ready in time; another call continues to wait. A dry run
// decides all of it, but uses no store, and returns what would be set up; the
// objects themselves are Render's.
func (c *Client) Setup(ctx context.Context, o api.SetupOptions) (*api.ClusterStatus, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	r, ctx, cancel := newRun(ctx, o.Progress, o.Timeout)
	defer cancel()
	now, err := c.look(ctx)
	if err != nil {
		return nil, r.inTime(ctx, "looking at the cluster", err)
	}
	p, err := c.prepare(ctx, r, o, now)
	if err != nil {
		return nil, err
	}
	if p.install {
		if err := c.needsInstaller("install"); err != nil {
			return nil, err
		}
	}
	if !o.DryRun.Keeps() {
		return c.planned(ctx, p, now, o.DryRun)
	}
	if err := c.tryOwnStore(ctx, r, p); err != nil {
		return nil, r.inTime(ctx, "trying the store", err)
	}
	if err := c.carryOut(ctx, r, p, now); err != nil {
		return nil, r.inTime(ctx, "setting up; run the command again to go on", err)
	}
	return c.Get(ctx)
}

// prepare decides everything and changes nothing.
func (c *Client) prepare(ctx context.Context, r *run, o api.SetupOptions, now *observed) (*plan, error) {
	quota, quotaErr := parseQuota(o.Quota)
	install, kueueErr := wantsKueue(o, now)
	recognized, err := c.recognized(ctx, o, now, install)
	if err != nil {
		return nil, err
	}
	if now.record == nil && recognized != nil {
		r.say("config %s, which the nodes were recognized by", recognized.Name)
	}
	if now.class, err = c.classOf(ctx, o, now, recognized); err != nil {
		return nil, err
	}
	p, err := decide(o, now, recognized, c.conn.Namespace)
	if err := api.JoinInvalid(quotaErr, err); err != nil {
		return nil, err
	}
	if p.install = install; kueueErr != nil {
		return nil, kueueErr
	}
	if err := p.checkRecord(o, now, recognized); err != nil {
		return nil, err
	}
	p.asked = quota
	if now.clusterQueue != nil {
		p.groups = withQuota(now.clusterQueue.Spec.ResourceGroups, quota)
	}
	if err := c.decideLayout(ctx, r, p, now, o.Store); err != nil {
		return nil, err
	}
	if p.secrets, err = c.decideSecrets(ctx, r, p, now); err != nil {
		return nil, err
	}
	if err := c.checkThere(ctx, r, p, now, o.DryRun); err != nil {
		return nil, err
	}
	return p, c.rights.Require(ctx, p.rights()...)
}

// recognized derives the config from the nodes, where none is named and the
// record has none or one that decides about the whole cluster and that no
// administrator has named; else it is nil.
func (c *Client) recognized(ctx context.Context, o api.SetupOptions, now *observed, install bool) (*provider.Config, error) {
	if o.Config != "" {
		return nil, nil // it is named
	}
	if now.record != nil {
		config, err := provider.Find(now.record.Config)
		if err != nil || !config.IsShared(install) || now.shared.of(sharedConfig, c.conn.Namespace, now.uid) == config.Name {
			return nil, nil // a wrong name is reported with all other problems
		}
	}
	nodes, err := c.nodes(ctx)
	if err != nil {
		return nil, err
	}
	return provider.Recognize(nodes)
}

// classOf returns the StorageClass of the config that is going to be taken; nil
// when it is not there or the config makes none.
func (c *Client) classOf(ctx context.Context, o api.SetupOptions, now *observed, config *provider.Config) (*storagev1.StorageClass, error) {
	name := o.Config
	if name == "" && now.record != nil {
		name = now.record.Config
	}
	if name != "" {
		config, _ = provider.Find(name) // a wrong one is reported with all other problems
	}
	if config == nil || config.NewStorageClass == nil {
		return nil, nil // it makes none
	}
	class, err := c.conn.Kube.StorageV1().StorageClasses().Get(ctx, config.StorageClass, metav1.GetOptions{})
	if isAbsent(err) {
		return nil, nil // absence is no error here
	}
	return class, c.conn.Classify(err, "get", "storageclasses.storage.k8s.io")
}

// wantsKueue reports whether setup installs or changes Kueue. A Kueue that
// others installed is never changed.
func wantsKueue(o api.SetupOptions, now *observed) (bool, error) {
	ours := now.release != nil && now.release.Ours
	switch {
	case now.kueue.absent() && now.release == nil, ours && (now.kueue.partial() || now.kueue.absent() || !now.release.Deployed):
		return true, nil
	case ours && isOlder(now.release.Version):
		return true, nil
	case ours:
		return o.KueueImage != "" && o.KueueImage != now.kueue.image(), nil
	case now.kueue.absent():
		return false, &api.ConflictError{Message: fmt.Sprintf("the Helm release %q in namespace %q has the name of Kueue's, but installs no Kueue; delete it first",
			now.release.Name, kueueNamespace)}
	}
	return false, now.kueue.check()
}

func isOlder(text string) bool {
	v, err := version.ParseSemantic(text)
	return err == nil && v.LessThan(version.MustParseSemantic(kube.KueueVersion))
}

// measured returns the quota of a new ClusterQueue: what is free, but for what
// was asked for. The quota of one that is there is not measured again.
func (c *Client) measured(ctx context.Context, p *plan, hasKueue bool) ([]kueue.ResourceGroup, error) {
	quota, err := c.measure(ctx, hasKueue)
	if err != nil {
		return nil, err
	}
	c.warnOfNothing(quota, p.asked)
	maps.Copy(quota, p.asked)
	return groups(quota), nil
}

// warnOfNothing warns that no task will be able to start.
func (c *Client) warnOfNothing(measured, asked corev1.ResourceList) {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		q, there := measured[name]
		if _, given := asked[name]; !given && (!there || q.IsZero()) {
			c.conn.Warn(fmt.Sprintf("the cluster has no free %s, so no task that requests it can start: free or add nodes", name),
				api.Remedy{Action: api.ClusterResizeRun, Purpose: "measure it again"}, api.Remedy{Options: []string{"Quota"}, Purpose: "set it"})
		}
	}
}

// carryOut makes what was decided. The record comes first: whatever is made
// after it can be found and taken back. The store starts while Kueue is being
// installed; until that is up, its webhooks keep new pods from being made.
func (c *Client) carryOut(ctx context.Context, r *run, p *plan, now *observed) error {
	if err := c.recordShared(ctx, r, p, now); err != nil {
		return err
	}
	if _, err := c.apply(ctx, p.record.object(p.namespace), api.DryRunNone); err != nil {
		return err
	}
	if err := c.removeOldStore(ctx, r, p); err != nil {
		return err
	}
	if p.record.Store.Kind == api.StoreBuiltIn {
		r.say("installing the store (image %s) in namespace %s", p.record.Store.image(), p.namespace)
	}
	for _, objects := range [][]runtime.Object{p.storeObjects(), desired.Agent(p.namespace), desired.Driver(p.namespace)} {
		if err := c.applyAll(ctx, p.without(objects)); err != nil {
			return err
		}
	}
	if err := c.setupPolicy(ctx, r); err != nil {
		return err
	}
	if err := c.dropOldStore(ctx, r, p); err != nil {
		return err
	}
	return together(
		func() error { return c.awaitStore(ctx, r, p) },
		func() error { return c.makeQueues(ctx, r, p, now) },
	)
}

// makeQueues brings Kueue up where that is ours to do, and makes the queues.
func (c *Client) makeQueues(ctx context.Context, r *run, p *plan, now *observed) error {
	if p.install {
		r.say("installing Kueue %s (image %s) in namespace %s", kube.KueueVersion, cmp.Or(p.kueueImage, kueueImage), kueueNamespace)
		if err := c.installKueue(ctx, r, p); err != nil {
			return err
		}
		if err := c.awaitNewKueue(ctx, r); err != nil {
			return err
		}
	} else {
		r.say("using Kueue %s, which is there", orUnknown(now.kueue.version()))
		if err := c.awaitKueue(ctx, r, now.kueue.deployment); err != nil {
			return err
		}
	}
	if len(p.groups) == 0 {
		// Only now, so that what Kueue and the store need is taken off.
		if err := r.await(ctx, "a node for the store", c.missingNode); err != nil {
			return err
		}
		var err error
		if p.groups, err = c.measured(ctx, p, true); err != nil {
			return err
		}
		if err := c.createQueue(ctx, p); err != nil {
			return err
		}
	}
	wanted := p.without(desired.Queues(p.namespace, p.groups))
	if err := c.applyAll(ctx, wanted); err != nil {
		return err
	}
	return r.await(ctx, "the queue "+kube.LocalQueueName, func(ctx context.Context) (string, error) {
		cq, lq, err := c.queues(ctx)
		if err != nil {
			return "", err
		}
		if cq == nil || lq == nil {
			// The cleanup of the last other namespace may have removed what
			// all share a moment ago.
			if err := c.applyAll(ctx, wanted); err != nil {
				return "", err
			}
		}
		return queueMissing(cq, lq), nil
	})
}

// createQueue makes the ClusterQueue, unless another namespace's setup has made
// it meanwhile: then its quota is kept.
func (c *Client) createQueue(ctx context.Context, p *plan) error {
	u := toUnstructured(desired.ClusterQueue(p.groups))
	client, words, err := c.at(u)
	if err != nil {
		return err
	}
	_, err = client.Create(ctx, u, metav1.CreateOptions{FieldManager: fieldManager})
	if !isThere(err) {
		return c.conn.Classify(err, "create", words)
	}
	cq, _, err := c.queues(ctx)
	if err == nil && cq != nil && len(cq.Spec.ResourceGroups) > 0 {
		p.groups = withQuota(cq.Spec.ResourceGroups, p.asked)
	}
	return err
}

// applyAll applies objects in their order: what others refer to comes first.
func (c *Client) applyAll(ctx context.Context, objects []runtime.Object) error {
	for _, obj := range objects {
		if _, err := c.apply(ctx, obj, api.DryRunNone); err != nil {
			return err
		}
	}
	return nil
}

// without removes the objects that others made and that ours only refer to.
func (p *plan) without(objects []runtime.Object) []runtime.Object {
	var out []runtime.Object
	for _, obj := range objects {
		if !p.others.Has(describe(toUnstructured(obj))) {
			out = append(out, obj)
		}
	}
	return out
}

func orUnknown(v string) string {
	if v == "" {
		return "of an unknown version"
	}
	return v
}

// isShared reports a kind of which an existing object of others is used as it
// is: our objects only refer to it.
func isShared(u *unstructured.Unstructured) bool {
	switch u.GetKind() {
	case "ResourceFlavor", "WorkloadPriorityClass", "StorageClass":
		return true
	}
	return false
}

// policyRights are those that the policy of approvals needs in the whole cluster.
func policyRights(verbs ...string) []authz.Right {
	return authz.InCluster(slices.Concat(
		authz.Each("validatingadmissionpolicies.admissionregistration.k8s.io", verbs...),
		authz.Each("validatingadmissionpolicybindings.admissionregistration.k8s.io", verbs...)))
}

// setupPolicy installs the policy of approvals. It covers the whole cluster and needs rights
// that not every setup has: without them, with an API server older than Kubernetes 1.30, or
// where others have objects of the name, it reports that approvals are not bound to their
// users, and that is no error.
func (c *Client) setupPolicy(ctx context.Context, r *run) error {
	missing, err := c.rights.Missing(ctx, policyRights("get", "create", "patch"))
	if err != nil {
		return err
	}
	why := ""
	if len(missing) > 0 {
		why = "no right to " + authz.Words(missing)
	} else {
		there, err := c.lookup(ctx, desired.Approvals())
		if err != nil {
			return err
		}
		if slices.ContainsFunc(there, func(u *unstructured.Unstructured) bool { return !isOurs(u) }) {
			why = "objects of others have its name"
		}
	}
	if why == "" {
		if err = c.applyAll(ctx, desired.Approvals()); err == nil || !isAbsent(err) {
			return err
		}
		why = "the API server has no ValidatingAdmissionPolicy"
	}
	r.say("the ValidatingAdmissionPolicy %s is not installed (%s): users who can create ConfigMaps can approve tasks of workflows under other names", kube.ApprovalsName, why)
	return nil
}

// lookupPolicy returns the objects of the policy of approvals that exist, as far as they may be
// read.
func (c *Client) lookupPolicy(ctx context.Context) ([]*unstructured.Unstructured, error) {
	there, err := c.lookup(ctx, desired.Approvals())
	if isForbidden(err) {
		return nil, nil
	}
	return there, err
}
