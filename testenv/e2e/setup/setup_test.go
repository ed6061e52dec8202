package setup_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

const task = `name: hello
resources: {cpus: 100m, memory: 32Mi}
run: echo hello
`

// The tests of this package share the cluster and run one after the other:
// each finds no Kueue and leaves none.
func TestFromNothingToNothing(t *testing.T) {
	p := newPerson(t, "lab")
	p.vast("cluster", "setup", "kind", "--kueue-chart=embedded").exits(0).
		says("installing Kueue 0.16.1", "the store keeps its data only as long as its pod lives")
	s := p.status()
	if !s.Ready || !s.Kueue.InstalledBySetup || s.Kueue.Version != "0.16.1" || s.Store.Kind != api.StoreBuiltIn || s.Store.Objects == nil {
		t.Errorf("status: %+v", s)
	}
	if got := p.kubectl("get", "deployments", "-n", "kueue-system", "-o", "jsonpath={..image}"); !strings.Contains(got, "registry.k8s.io/kueue/kueue:v0.16.1") {
		t.Errorf("Kueue's image: %s", got)
	}

	t.Run("again changes nothing", func(t *testing.T) {
		before := p.versions()
		p.vast("cluster", "setup").exits(0).says("using Kueue 0.16.1")
		if diff := cmp.Diff(before, p.versions()); diff != "" {
			t.Errorf("versions (-before +after):\n%s", diff)
		}
	})
	t.Run("the quota was measured when all was there", func(t *testing.T) {
		p.vast("cluster", "resize").exits(0).says("The quota was right already")
		p.vast("cluster", "resize", "--quota", "cpu=7").exits(0)
		p.vast("cluster", "setup").exits(0)
		if r := p.status().Queue.Resources[0]; r.Resource != "cpu" || r.Quota != "7" {
			t.Errorf("a setup does not keep the quota: %+v", r)
		}
	})
	t.Run("a task goes through the queue", func(t *testing.T) {
		p.submit()
		if q := p.kubectl("get", "workloads.kueue.x-k8s.io", "-o", "jsonpath={..clusterQueue}"); q != "vast-cluster-queue" {
			t.Errorf("it went through %q", q)
		}
	})
	t.Run("an option is changed", func(t *testing.T) {
		before := p.kubectl("get", "secret", "vast-store", "-o", "jsonpath={.data}")
		p.vast("cluster", "setup", "--option", "storage_size=64Mi").exits(0)
		if got := p.status().Store; got.Capacity != "64Mi" || !got.Ready {
			t.Errorf("store: %+v", got)
		}
		if p.kubectl("get", "secret", "vast-store", "-o", "jsonpath={.data}") != before {
			t.Error("the credentials have changed")
		}
		p.vast("cluster", "setup", "--option", "storage_size=32Mi").exits(5).says("cannot shrink")
		p.vast("cluster", "setup", "--option", "storage_size=1Gi").exits(5).says("does not allow volumes to grow")
		p.vast("cluster", "setup", "--option", "storage_size=").exits(5).says("its data would go")
	})
	t.Run("an S3 of one's own", func(t *testing.T) { p.withOwnS3(t) })
	t.Run("data outlives a cleanup that keeps it", func(t *testing.T) {
		p.putResult()
		p.vast("cluster", "cleanup", "--yes", "--keep-data").exits(0).says("kept as requested; a later setup uses it again")
		p.vast("cluster", "setup", "kind", "--kueue-chart=embedded").exits(0)
		if got := p.status().Store; got.Objects == nil || *got.Objects != 1 || got.Capacity != "64Mi" {
			t.Errorf("store: %+v", got)
		}
	})
	t.Run("queues of others stay, and Kueue with them", func(t *testing.T) {
		p.apply(foreignQueues)
		p.vast("cluster", "cleanup", "--yes").exits(0).says("the store holds 1 object", "others use it: clusterqueue/theirs")
		p.kubectl("get", "clusterqueue/theirs", "localqueue/theirs", "resourceflavor/theirs")
		p.kubectl("delete", "localqueue/theirs", "clusterqueue/theirs", "resourceflavor/theirs")
	})
	p.vast("cluster", "cleanup", "--yes").exits(0).says("kueue (Helm release in namespace kueue-system) removed")
	p.vast("cluster", "cleanup", "--yes").exits(0).says("nothing to remove")
	if p.hasKueue() {
		t.Error("something of Kueue is left")
	}
}

const foreignQueues = `
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: theirs}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: theirs}
spec:
  namespaceSelector: {}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: theirs, resources: [{name: cpu, nominalQuota: 1}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: theirs}
spec: {clusterQueue: theirs}
`

// A setup that is killed at any moment is completed by the next one.
func TestASetupThatIsKilledIsCompleted(t *testing.T) {
	p := newPerson(t, "killed")
	for name, enough := range map[string]func() bool{
		"when its record is written":     func() bool { return p.there("configmap/vast-setup") },
		"while Helm makes Kueue's parts": func() bool { return p.there("crd/workloads.kueue.x-k8s.io") },
		"while Kueue starts":             func() bool { return p.there("deployment/kueue-controller-manager", "-n", "kueue-system") },
	} {
		t.Run(name, func(t *testing.T) {
			q := &person{t, p.namespace}
			q.vastUntil(enough, "cluster", "setup", "kind", "--no-store", "--kueue-chart=embedded").exits(-1)
			q.vast("cluster", "setup", "--kueue-chart=embedded").exits(0)
			if s := q.status(); !s.Ready {
				t.Errorf("status: %+v", s)
			}
			q.submit()
			q.vast("cluster", "cleanup", "--yes").exits(0)
			if q.hasKueue() {
				t.Error("something of Kueue is left")
			}
		})
	}
}

// The controller of the fake never runs: its image's version counts.
func TestAnOlderKueueIsRefused(t *testing.T) {
	p := newPerson(t, "kueue-system")
	p.apply(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: kueue-controller-manager, labels: {app.kubernetes.io/name: kueue, control-plane: controller-manager}}
spec:
  replicas: 0
  selector: {matchLabels: {app: kueue}}
  template:
    metadata: {labels: {app: kueue}}
    spec: {containers: [{name: manager, image: "registry.k8s.io/kueue/kueue:v0.14.8"}]}
`)
	p.vast("cluster", "setup", "kind", "--kueue-chart=embedded").exits(5).says("has Kueue 0.14.8", "0.15 or newer is needed")
	if p.there("configmap/vast-setup") {
		t.Error("something was made")
	}
	p.kubectl("delete", "namespace", "kueue-system")
}
