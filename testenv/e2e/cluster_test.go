package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

// The cluster of these tests has a Kueue already. What all namespaces share is
// used by other tests at the same time; so a cleanup here always leaves it,
// because another namespace stays set up. Kueue's own installation, and the
// end of the last namespace, are tested in the package setup.

// guard sets up a namespace that stays until the test has ended.
func guard(t *testing.T) {
	t.Helper()
	newPerson(t).vast("cluster", "setup", "--no-store").exits(0)
}

// setUp returns what the namespace's record and objects describe.
func (p *person) setUp() *api.ClusterStatus {
	p.Helper()
	s := &api.ClusterStatus{}
	if err := json.Unmarshal([]byte(p.vast("cluster", "status", "-o", "json").exits(0).stdout), s); err != nil {
		p.Fatal(err)
	}
	return s
}

// versions are the resource versions of everything that setup made here and
// for the whole cluster, but for what changes with use.
func (p *person) versions() map[string]string {
	p.Helper()
	out := map[string]string{}
	const made = "app.kubernetes.io/managed-by=kubevast"
	kinds := "configmaps,secrets,serviceaccounts,roles,rolebindings,services,persistentvolumeclaims"
	for line := range strings.Lines(p.kubectl("get", kinds, "-l", made,
		"-o", `jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\n"}{end}`)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		out[name] = version
	}
	// Kueue and the Deployment's controller write a status into these.
	kinds = "deployments,localqueues,clusterqueues,resourceflavors,workloadpriorityclasses"
	for line := range strings.Lines(p.kubectl("get", kinds, "-l", made,
		"-o", `jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid}/{.metadata.generation}{"\n"}{end}`)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		out[name] = version
	}
	return out
}

func TestSetupOnAClusterThatHasKueue(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "status").exits(1).prints("nothing is set up in namespace", "kubectl vast cluster setup -n "+p.namespace)
	p.vast("cluster", "setup", "--no-store").exits(0).
		prints("namespace "+p.namespace, "config kind, which the nodes were recognized by", "using Kueue 0.16.1, which is there")

	s := p.setUp()
	if !s.Ready || s.Config != "kind" || s.Store.Kind != api.StoreNone || s.Kueue.InstalledBySetup || s.Kueue.Version != "0.16.1" {
		t.Errorf("status: %+v", s)
	}
	var resources []string
	for _, r := range s.Queue.Resources {
		resources = append(resources, r.Resource)
	}
	if want := []string{"cpu", "memory", "ephemeral-storage"}; !slices.Equal(resources, want) {
		t.Errorf("quotas of %v, want %v", resources, want)
	}
	first := p.versions()
	for _, name := range []string{"ConfigMap/vast-setup", "ServiceAccount/vast-agent", "Role/vast-agent", "RoleBinding/vast-agent",
		"LocalQueue/vast", "ClusterQueue/vast-cluster-queue", "ResourceFlavor/default-flavor",
		"WorkloadPriorityClass/vast-low", "WorkloadPriorityClass/vast-normal", "WorkloadPriorityClass/vast-high"} {
		if first[name] == "" {
			t.Errorf("%s was not made", name)
		}
	}
	// Options that are not given keep their value: no store.
	p.vast("cluster", "setup").exits(0)
	if diff := cmp.Diff(first, p.versions()); diff != "" {
		t.Errorf("a second setup changed (-first +second):\n%s", diff)
	}
	id := p.submit(minimal)
	p.becomes(id, api.Succeeded)
	if q := p.kubectl("get", "workloads.kueue.x-k8s.io", "-o", "jsonpath={.items[*].status.admission.clusterQueue}"); q != "vast-cluster-queue" {
		t.Errorf("the task went through %q", q)
	}
}

func TestResizeShowsWhatItWouldChange(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "--no-store").exits(0)
	before := p.versions()["ClusterQueue/vast-cluster-queue"]
	r := p.vast("cluster", "resize", "--dry-run=server", "--quota", "cpu=1234").exits(0).shows("RESOURCE", "BEFORE", "AFTER", "1234")
	r.prints("Nothing was changed")
	var sized api.ClusterResize
	r = p.vast("cluster", "resize", "--dry-run=client", "--quota", "cpu=1234", "-o", "json").exits(0)
	if err := json.Unmarshal([]byte(r.stdout), &sized); err != nil {
		t.Fatal(err)
	}
	if cpu := sized.Resources[0]; !sized.Changed || cpu.Resource != "cpu" || cpu.After != "1234" {
		t.Errorf("resize: %+v", sized)
	}
	if after := p.versions()["ClusterQueue/vast-cluster-queue"]; after != before {
		t.Errorf("a dry run changed the queue: %s, then %s", before, after)
	}
	p.vast("cluster", "resize", "--quota", "cpu=much", "--quota", "memory").exits(2)
	newPerson(t).vast("cluster", "resize", "--quota", "cpu=much").exits(2).prints(`--quota cpu: "much" is not a quantity`)
}

func TestCleanupRemovesWhatSetupMade(t *testing.T) {
	t.Parallel()
	guard(t)
	p := newPerson(t)
	before := p.objects()
	p.vast("cluster", "setup", "--no-store").exits(0)
	p.kubectl("create", "serviceaccount", "mine")
	p.vast("cluster", "cleanup").exits(2).prints("add --yes to go ahead", "localqueue/vast")
	p.vast("cluster", "cleanup", "--dry-run=client").exits(0).shows("localqueue/vast removed (client dry run)")
	if !p.setUp().Ready {
		t.Fatal("a dry run has removed something")
	}
	r := p.vast("cluster", "cleanup", "--yes").exits(0).shows("localqueue/vast removed", "configmap/vast-setup removed")
	r.prints("clusterqueue/vast-cluster-queue", "also set up", "kueue (cluster setup did not install it)")
	// The entry of the namespace in Kueue's is not what all share.
	gone := strings.ReplaceAll(r.stdout, "in namespace kueue-system removed", "removed")
	if strings.Contains(gone, "clusterqueue") || strings.Contains(gone, "kueue") {
		t.Errorf("what is shared went, too:\n%s", r.stdout)
	}
	p.kubectl("delete", "serviceaccount", "mine") // fails when it is gone
	p.leftNothing(before)
	p.vast("cluster", "cleanup", "--yes").exits(0).prints("nothing to remove")
	p.vast("cluster", "status").exits(1)
}

func TestCleanupLeavesTasksAlone(t *testing.T) {
	t.Parallel()
	guard(t)
	p := newPerson(t)
	p.vast("cluster", "setup", "--no-store").exits(0)
	id := p.submit("run: sleep 3600\nresources: {cpus: 10m, memory: 16Mi}\n")
	p.becomes(id, api.Running)
	r := p.vast("cluster", "cleanup", "--yes").exits(5).prints("work has not ended: task ", id, "--force")
	if r.stdout != "" {
		t.Errorf("something was removed: %s", r.stdout)
	}
	if !p.setUp().Ready {
		t.Error("it is not set up any more")
	}
	p.vast("cluster", "cleanup", "--yes", "--force").exits(0).prints("stopping task").shows("localqueue/vast removed")
	if s := p.status(id); s.State != api.Stopped {
		t.Errorf("the task is %s", s.State)
	}
}

// A store with a volume, so that it can be read afterwards what was in it when it
// went.
func TestCleanupLeavesCampaignsInNoQueueAloneAndStopsThemWhenForced(t *testing.T) {
	t.Parallel()
	guard(t)
	p := newPerson(t)
	p.vast("cluster", "setup", "kind", "--option", "storage_size=1Gi").exits(0)
	file := p.file("writes.vast", `
version: 1
metadata: {name: writes}
configuration: [{name: a}]
execution:
  image: busybox:1.36
  runs: 3
  resources: {cpu: 20m, memory: 32Mi}
  command: |
    trap 'echo saved >"$OUTPUT_DIR/last"; exit 143' TERM
    echo part >"$OUTPUT_DIR/part"; sleep 3600 & wait
`)
	id := p.vast("campaign", "run", file, "--queue=none", "-o", "jsonpath={.id}").exits(0).stdout
	p.waitFor("the runs run", func() (bool, any) { c := p.campaign(id); return c.Runs.Running == 3, c.Runs })
	named := "campaign " + id + " (3 runs)"
	r := p.vast("cluster", "cleanup", "--yes").exits(5).prints("work has not ended: "+named, "--force")
	if r.stdout != "" {
		t.Errorf("something was removed: %s", r.stdout)
	}
	p.vast("cluster", "setup", "--no-store").exits(5).prints("the store cannot be changed", named)
	if c := p.campaign(id); c.Runs.Running != 3 {
		t.Errorf("it was refused, and now there are %+v", c.Runs)
	}
	p.vast("cluster", "cleanup", "--yes", "--force", "--keep-data").exits(0).
		prints(named+" has not ended and will be stopped", "stopping "+named).shows("deployment/vast-store removed")

	p.vast("cluster", "setup", "kind").exits(0)
	if c := p.campaign(id); c.State != api.CampaignStopped || c.Runs.Stopped != 3 {
		t.Errorf("%s: %+v", c.State, c.Runs)
	}
	p.vast("results", "download", id, "--dir", filepath.Join(p.dir, "results")).exits(0)
	for _, run := range []string{"0", "1", "2"} {
		if part, last := p.downloaded(id, "a", run, "part"), p.downloaded(id, "a", run, "last"); part != "part\n" || last != "saved\n" {
			t.Errorf("run %s kept %q and %q", run, part, last)
		}
		if m := p.downloaded(id, "a", run, "_vast", "manifest.json"); !strings.Contains(m, `"Stopped"`) {
			t.Errorf("run %s: %s", run, m)
		}
	}
}

func TestSetupTouchesNothingOfOthers(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.kubectl("create", "secret", "generic", "vast-store", "--from-literal=mine=1")
	p.kubectl("create", "serviceaccount", "vast-agent")
	before := p.objects()
	p.vast("cluster", "setup", "kind").exits(5).prints("secret/vast-store", "serviceaccount/vast-agent", "nothing was changed")
	p.leftNothing(before)
	p.vast("cluster", "cleanup", "--yes").exits(0).prints("nothing to remove")
	p.kubectl("get", "secret/vast-store", "serviceaccount/vast-agent")
}

func TestSetupReportsWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	before := p.objects()
	p.vast("cluster", "setup", "openshift").exits(2).prints("choose one of azure, gcp, kind, minikube, rke2")
	p.vast("cluster", "setup", "kind", "--option", "storage_size=big", "--option", "disk=1", "--store-endpoint=s3", "--kueue-chart=/none.tgz").exits(2).
		prints("--option disk: config kind has no such option; it has storage_size", `"big" is not a size`, "--store-endpoint:", "--store-secret:", "--kueue-chart:")
	p.vast("cluster", "setup", "kind", "--option", "storage_size").exits(2).prints(`"storage_size" must be NAME=VALUE`)
	p.vast("cluster", "setup", "--store-endpoint=http://s3.example.com", "--store-secret=missing").exits(3).prints(`secret "missing" not found`)
	p.leftNothing(before)
	nobody := *p
	nobody.namespace = "no-such-namespace"
	nobody.vast("cluster", "setup", "kind").exits(3).prints("kubectl create namespace no-such-namespace")
	p.with("worker", readRights...).vast("cluster", "setup", "kind", "--no-store").exits(4).prints("may not ")
	p.vast("cluster", "setup", "kind", "--no-store", "--dry-run=client", "--kubeconfig=/none").exits(2)
}

// The configs of clusters that cannot be had here: the API server checks what
// would be made on them.
func TestTheAPIServerTakesWhatSetupWouldMake(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	golden, err := filepath.Glob(filepath.Join(repository(), "sdk", "internal", "cluster", "testdata", "*.golden"))
	if err != nil || len(golden) < 5 {
		t.Fatalf("golden files: %v, %v", golden, err)
	}
	for _, path := range golden {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			here := strings.ReplaceAll(string(text), "namespace: lab", "namespace: "+p.namespace)
			q := p.in(t)
			q.kubectl("apply", "--server-side", "--dry-run=server", "--force-conflicts", "--validate=strict", "-f", q.file("objects.yaml", here))
		})
	}
	left, err := client.CoreV1().ConfigMaps(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=kubevast"})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("left: %v, %v", left.Items, err)
	}
}

func TestSetupDryRuns(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	before := p.objects()
	r := p.vast("cluster", "setup", "gcp", "--dry-run=server", "-o", "yaml").exits(0).shows("kind: StorageClass", "kind: ClusterQueue", "generated by cluster setup")
	if strings.Contains(r.stdout, "\ndata:\n  access-key-id") {
		t.Errorf("it shows credentials:\n%s", r.stdout)
	}
	p.leftNothing(before)
	offline := &person{TB: t, dir: t.TempDir(), kubeconfig: filepath.Join(t.TempDir(), "does not exist")}
	offline.vast("cluster", "setup", "azure", "--dry-run=client", "-o", "json").exits(0).shows(`"managed-csi"`, `"List"`).prints("a quota of 0 is a placeholder for what is measured")
	offline.vast("cluster", "setup", "--dry-run=client").exits(2).prints("the config must be named")
	offline.vast("cluster", "setup", "--list").exits(0).shows("rke2", "storage_size=10Gi,disk_type=pd-standard")
	offline.vast("cluster", "setup", "--list", "-o", "jsonpath={.items[*].metadata.name}").exits(0).shows("azure gcp kind minikube rke2")
}

func TestSetupWithoutTheRightsChangesNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	everything := []string{"*"}
	p = p.with("owner", rbacv1.PolicyRule{APIGroups: everything, Resources: everything, Verbs: everything})
	p.mayLook("owner")
	before := p.objects()
	p.waitFor("the account has its rights", func() (bool, any) {
		r := p.vast("cluster", "setup", "kind", "--no-store")
		return strings.Contains(r.stderr, "may not create"), r.stderr
	})
	r := p.vast("cluster", "setup", "kind").exits(4)
	r.prints("may not create, patch ", "create, patch clusterqueues.kueue.x-k8s.io in the whole cluster", "kubectl vast doctor")
	p.leftNothing(before)
}

// mayLook lets an account read the whole cluster, and change nothing of it.
func (p *person) mayLook(account string) {
	p.Helper()
	name := p.namespace + "-" + account
	_, err1 := client.RbacV1().ClusterRoles().Create(p.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"get", "list", "watch"}}}}, metav1.CreateOptions{})
	_, err2 := client.RbacV1().ClusterRoleBindings().Create(p.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:  rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: name},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: p.namespace}}}, metav1.CreateOptions{})
	p.Cleanup(func() {
		err := errors.Join(client.RbacV1().ClusterRoleBindings().Delete(context.Background(), name, metav1.DeleteOptions{}),
			client.RbacV1().ClusterRoles().Delete(context.Background(), name, metav1.DeleteOptions{}))
		if err != nil {
			p.Errorf("the account's rights are left: %v", err)
		}
	})
	if err := errors.Join(err1, err2); err != nil {
		p.Fatal(err)
	}
}
