package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func clusterStatus() *api.ClusterStatus {
	objects, bytes := int64(3), int64(4096)
	return &api.ClusterStatus{
		TypeMeta:   api.TypeMeta[api.ClusterStatus](),
		ObjectMeta: metav1.ObjectMeta{Name: "vast-setup", Namespace: "lab", CreationTimestamp: clitest.Ago(time.Hour)},
		Config:     "kind", Options: map[string]string{"storage_size": "10Gi"},
		Kueue: api.KueueStatus{ComponentState: api.ComponentState{Name: "kueue", Ready: true}, Namespace: "kueue-system", Version: "0.16.1"},
		Queue: api.ClusterQueue{ComponentState: api.ComponentState{Name: "vast", Reason: "the queue vast is held",
			Remedies: []api.Remedy{{Action: api.QueuesResume, Ref: "vast", Namespace: "lab"}}}, ClusterQueue: "vast-cluster-queue",
			Pending: 2, Admitted: 1, Resources: []api.QueueResource{{Flavor: "default-flavor", Resource: "cpu", Quota: "8", Used: "1500m"}}},
		Store: api.StoreStatus{ComponentState: api.ComponentState{Name: "vast-store", Ready: true}, Kind: api.StoreBuiltIn,
			Endpoint: "http://vast-store.lab.svc:7070", Bucket: "vast", Capacity: "10Gi", Objects: &objects, Bytes: &bytes},
		Agent: api.ComponentState{Name: "vast-agent", Ready: true},
	}
}

func TestClusterStatus(t *testing.T) {
	c := &clitest.Client{Clusters: clitest.Clusters{OnGet: func(context.Context) (*api.ClusterStatus, error) { return clusterStatus(), nil }}}
	want := `Config:      kind (storage_size=10Gi)
Namespace:   lab
Set up:      60m ago
Kueue:       0.16.1 in namespace kueue-system, was there before
Queue:       vast in vast-cluster-queue, 2 waiting, 1 running; NOT READY: the queue vast is held; run ` + "`kubectl vast queue resume vast -n lab`" + `
Store:       built-in at http://vast-store.lab.svc:7070, bucket vast, a volume of 10Gi, 3 objects, 4.0 KiB
Agent:       account vast-agent

RESOURCE   QUOTA   USED    FLAVOR
cpu        8       1500m   default-flavor
`
	if diff := cmp.Diff(want, cmdtest.Plugin(c).Do(t, "cluster", "status").Out); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if r := cmdtest.Plugin(c).Do(t, "cluster", "status", "-o", "jsonpath={.store.objects} {.queue.ready}"); r.Out != "3 false" {
		t.Errorf("jsonpath: %+v", r)
	}
}

func TestWhatMayNotBeLookedAtIsCalledUnknown(t *testing.T) {
	s := clusterStatus()
	unknown := func(name, right string) api.ComponentState {
		return api.ComponentState{Name: name, State: api.ReadyStateUnknown, Reason: "no right to " + right}
	}
	s.Kueue = api.KueueStatus{ComponentState: unknown("kueue", "list deployments.apps in namespace \"kueue-system\"")}
	s.Queue = api.ClusterQueue{ComponentState: unknown("vast", "get clusterqueues.kueue.x-k8s.io in the whole cluster"), ClusterQueue: "vast-cluster-queue", Pending: 2}
	s.Store.ComponentState, s.Store.Capacity, s.Store.Objects = unknown("vast-store", "list pods in namespace \"lab\""), "", nil
	s.State = api.ReadyStateUnknown
	c := &clitest.Client{Clusters: clitest.Clusters{OnGet: func(context.Context) (*api.ClusterStatus, error) { return s, nil }}}
	want := `Config:      kind (storage_size=10Gi)
Namespace:   lab
Set up:      60m ago
Kueue:       unknown (no right to list deployments.apps in namespace "kueue-system")
Queue:       vast, 2 waiting, 0 running; unknown (no right to get clusterqueues.kueue.x-k8s.io in the whole cluster)
Store:       built-in at http://vast-store.lab.svc:7070, bucket vast; unknown (no right to list pods in namespace "lab")
Agent:       account vast-agent
`
	if diff := cmp.Diff(want, cmdtest.Plugin(c).Do(t, "cluster", "status").Out); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if r := cmdtest.Plugin(c).Do(t, "cluster", "status", "-o", "jsonpath={.state} {.kueue.state}"); r.Out != "Unknown Unknown" {
		t.Errorf("jsonpath: %+v", r)
	}
}

func TestSetupPassesOnWhatWasSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want api.SetupOptions
	}{
		"nothing": {nil, api.SetupOptions{Options: map[string]string{}, Quota: map[string]string{}, Timeout: 5 * time.Minute}},
		"all of it": {[]string{"gcp", "--option", "storage_size=5Gi", "--option", "disk_type=pd-ssd", "--quota", "cpu=4,memory=8Gi", "--no-store",
			"--kueue-chart", "embedded", "--kueue-image", "m/kueue:v0.16.1", "--timeout", "30s"},
			api.SetupOptions{Config: "gcp", Options: map[string]string{"storage_size": "5Gi", "disk_type": "pd-ssd"},
				Quota: map[string]string{"cpu": "4", "memory": "8Gi"}, Store: api.StoreOptions{Kind: api.StoreNone},
				KueueChart: "embedded", KueueImage: "m/kueue:v0.16.1", Timeout: 30 * time.Second}},
		"the built-in store again": {[]string{"--no-store=false"}, api.SetupOptions{Options: map[string]string{}, Quota: map[string]string{},
			Store: api.StoreOptions{Kind: api.StoreBuiltIn}, Timeout: 5 * time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			var got api.SetupOptions
			c := &clitest.Client{Clusters: clitest.Clusters{OnSetup: func(_ context.Context, o api.SetupOptions) (*api.ClusterStatus, error) {
				o.Progress(api.Notice{Message: "a step"})
				o.Progress(api.Notice{Message: "no volume", Remedies: []api.Remedy{{Options: []string{"Options=storage_size=10Gi"}, Purpose: "have one"}}})
				o.Progress = nil
				got = o
				return clusterStatus(), nil
			}}}
			r := cmdtest.Plugin(c).Do(t, append([]string{"cluster", "setup"}, tc.args...)...)
			if r.Code != 0 || !strings.Contains(r.Err, "namespace default\na step\nno volume; use --option=storage_size=10Gi to have one\n") || strings.Contains(r.Out, "a step") {
				t.Errorf("result: %+v", r)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
	for _, args := range [][]string{{"--option", "storage_size"}, {"--option", "=5"}, {"--option", "a=1", "--option", "a=2"}, {"--timeout", "soon"}, {"kind", "rke2"}} {
		if r := cmdtest.Plugin(&clitest.Client{}).Do(t, append([]string{"cluster", "setup"}, args...)...); r.Code != 2 {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestCleanupAsks(t *testing.T) {
	sweep := []api.UnfinishedWork{{Kind: "campaign", Name: "sweep-1", Runs: 6}}
	for name, tc := range map[string]struct {
		args     []string
		stdin    string
		terminal bool
		work     []api.UnfinishedWork
		code     int
		removed  bool
	}{
		"yes":                                {stdin: "y\n", terminal: true, removed: true},
		"no":                                 {stdin: "\n", terminal: true},
		"without a terminal":                 {code: 2},
		"without a terminal but --yes":       {args: []string{"--yes"}, removed: true},
		"a dry run has no prompt":            {args: []string{"--dry-run=client"}, removed: true},
		"work is an error, without a prompt": {terminal: true, work: sweep, code: 5},
		"work that is stopped, if yes":       {args: []string{"--force"}, stdin: "y\n", terminal: true, work: sweep, removed: true},
	} {
		t.Run(name, func(t *testing.T) {
			plan := &api.ClusterCleanup{TypeMeta: api.TypeMeta[api.ClusterCleanup](), Remove: []string{"localqueue/vast"}, Work: tc.work,
				Keep:     []api.KeptByReason{{Object: "kueue", Reason: "because"}, {Object: "clusterqueue/x", Reason: "because"}},
				Warnings: []string{"the store holds 3 objects"}}
			c := &clitest.Client{Clusters: clitest.Clusters{
				OnCleanup: func(_ context.Context, o api.ClusterCleanupOptions) (*api.ClusterCleanup, error) {
					if len(tc.work) > 0 && !o.Force {
						return plan, &api.ConflictError{Message: "work has not ended"}
					}
					return plan, nil
				}}}
			run := cmdtest.Plugin(c)
			run.Stdin, run.Terminal = tc.stdin, tc.terminal
			r := run.Do(t, append([]string{"cluster", "cleanup"}, tc.args...)...)
			if r.Code != tc.code || strings.Contains(r.Out, "localqueue/vast removed") != tc.removed {
				t.Errorf("result: %+v", r)
			}
			if warned := strings.Contains(r.Err, "Warning: campaign sweep-1 (6 runs) has not ended and will be stopped"); warned != (len(tc.work) > 0 && tc.removed) {
				t.Errorf("what will be stopped is printed: %v; %s", warned, r.Err)
			}
			for _, text := range []string{"To be removed:\n  localqueue/vast\n", "kueue, clusterqueue/x (because)", "Warning: the store holds 3 objects"} {
				if !strings.Contains(r.Err, text) {
					t.Errorf("%q is not printed: %s", text, r.Err)
				}
			}
		})
	}
}

func TestResizeShowsBeforeAndAfter(t *testing.T) {
	c := &clitest.Client{Clusters: clitest.Clusters{OnResize: func(_ context.Context, o api.ClusterResizeOptions) (*api.ClusterResize, error) {
		return &api.ClusterResize{TypeMeta: api.TypeMeta[api.ClusterResize](), Changed: true, Resources: []api.ResizedResource{
			{Resource: "cpu", Before: "8", After: o.Quota["cpu"]}, {Resource: "nvidia.com/gpu", After: "2"}}}, nil
	}}}
	r := cmdtest.Plugin(c).Do(t, "cluster", "resize", "--quota", "cpu=16")
	if diff := cmp.Diff("RESOURCE         BEFORE   AFTER\ncpu              8        16\nnvidia.com/gpu   <none>   2\n", r.Out); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
