package cluster

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
)

// made is everything that a setup with a volume makes.
func made() []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, obj := range everything("lab", nil) {
		out = append(out, toUnstructured(obj).DeepCopy())
	}
	return out
}

func TestWhatACleanupRemovesAndKeeps(t *testing.T) {
	shared := []string{"clusterqueue/vast-cluster-queue", "resourceflavor/default-flavor", "storageclass/vast-storage",
		"workloadpriorityclass/vast-low", "workloadpriorityclass/vast-normal", "workloadpriorityclass/vast-high"}
	for name, tc := range map[string]struct {
		o      api.ClusterCleanupOptions
		others []string
		use    kueueUse
		change func(u *unstructured.Unstructured)
		keep   map[string]string
		not    []string // neither removed nor named
	}{
		"all of it": {},
		"what is shared stays while another namespace is set up": {others: []string{"team-b"},
			keep: map[string]string{"this namespace is also set up: team-b": strings.Join(shared, " ")}},
		"a queue of others keeps ours": {use: kueueUse{ofOurs: []string{"localqueue/theirs in b"}},
			keep: map[string]string{"used by localqueue/theirs in b": "clusterqueue/vast-cluster-queue resourceflavor/default-flavor"}},
		"a ClusterQueue of others keeps our flavor": {use: kueueUse{ofFlavor: []string{"clusterqueue/theirs"}},
			keep: map[string]string{"used by clusterqueue/theirs": "resourceflavor/default-flavor"}},
		"the data": {o: api.ClusterCleanupOptions{KeepData: true},
			keep: map[string]string{"kept as requested; a later setup": "persistentvolumeclaim/vast-store secret/vast-store secret/vast-store-reader secret/vast-store-root",
				"kept as requested; the volume": "storageclass/vast-storage"}},
		"what others made is not ours to name": {not: []string{"resourceflavor/default-flavor", "secret/vast-store", "secret/vast-store-reader", "secret/vast-store-root"},
			change: func(u *unstructured.Unstructured) {
				if kind := u.GetKind(); kind == "ResourceFlavor" || kind == "Secret" {
					u.SetLabels(nil)
				}
			}},
	} {
		t.Run(name, func(t *testing.T) {
			there := made()
			for _, u := range there {
				if tc.change != nil {
					tc.change(u)
				}
			}
			r := &removal{}
			r.sort(there, tc.o, tc.others, tc.use)
			r.list()
			gone := map[string]bool{}
			for _, object := range append(r.status.Remove, tc.not...) {
				gone[object] = true
			}
			for _, kept := range r.status.Keep {
				want := ""
				for reason, objects := range tc.keep {
					if strings.HasPrefix(kept.Reason, reason) {
						want = objects
					}
				}
				if !strings.Contains(want, kept.Object) || gone[kept.Object] {
					t.Errorf("%s stays: %s", kept.Object, kept.Reason)
				}
				gone[kept.Object] = true
			}
			for _, u := range there {
				if !gone[describe(u)] {
					t.Errorf("%s is not reported", describe(u))
				}
			}
			wanted := 0
			for _, objects := range tc.keep {
				wanted += len(strings.Fields(objects))
			}
			if len(r.status.Keep) != wanted {
				t.Errorf("%d objects stay, want %d: %v", len(r.status.Keep), wanted, r.status.Keep)
			}
		})
	}
}

// Kueue lets go of a ClusterQueue only when nothing of it is used, and of a
// flavor only then.
func TestQueuesGoInTheirOrder(t *testing.T) {
	r := &removal{}
	r.sort(made(), api.ClusterCleanupOptions{}, nil, kueueUse{})
	r.list()
	want := []string{"localqueue/vast", "clusterqueue/vast-cluster-queue", "resourceflavor/default-flavor"}
	if diff := cmp.Diff(want, r.status.Remove[:3]); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	if last := r.status.Remove[len(r.status.Remove)-1]; last != "configmap/vast-setup" {
		t.Errorf("last goes %s, not the record", last)
	}
}

func TestWhoUsesKueue(t *testing.T) {
	ours := metav1.ObjectMeta{Name: "x", Namespace: "lab", Labels: desired.Labels(desired.ComponentQueue)}
	theirs := metav1.ObjectMeta{Name: "theirs", Namespace: "b"}
	ofKind := func(kind string) kueue.PodSet {
		return kueue.PodSet{Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{kube.LabelKind: kind}}}}
	}
	task, run := ofKind(kube.KindTask), ofKind(kube.KindRun)
	work := func(namespace, queue string, sets ...kueue.PodSet) *kueue.Workload {
		return &kueue.Workload{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: namespace},
			Spec: kueue.WorkloadSpec{QueueName: kueue.LocalQueueName(queue), PodSets: sets}}
	}
	finished := work("b", "theirs")
	finished.Status.Conditions = []metav1.Condition{{Type: kueue.WorkloadFinished, Status: metav1.ConditionTrue}}
	var use kueueUse
	use.add(
		[]*kueue.ClusterQueue{{ObjectMeta: ours}, {ObjectMeta: theirs, Spec: kueue.ClusterQueueSpec{ResourceGroups: groups(list("cpu", "1"))}}},
		[]*kueue.LocalQueue{{ObjectMeta: ours}, {ObjectMeta: theirs, Spec: kueue.LocalQueueSpec{ClusterQueue: kube.ClusterQueueName}}},
		[]*kueue.ResourceFlavor{{ObjectMeta: ours}, {ObjectMeta: theirs}},
		[]*kueue.Workload{work("lab", "vast", task), work("lab", "another", run), work("lab", "vast"), work("b", "theirs"), finished}, "lab")
	want := kueueUse{
		others:   []string{"clusterqueue/theirs", "localqueue/theirs in b", "resourceflavor/theirs", "workload/w in b"},
		ofOurs:   []string{"localqueue/theirs in b"},
		ofFlavor: []string{"clusterqueue/theirs"},
		foreign:  []string{"workload/w in lab"},
	}
	if diff := cmp.Diff(want, use, cmp.AllowUnexported(kueueUse{})); diff != "" {
		t.Errorf("use (-want +got):\n%s", diff)
	}
}

func TestWorkIsInTheWay(t *testing.T) {
	some := api.ClusterCleanup{Work: []api.UnfinishedWork{
		{Kind: "campaign", Name: "sweep-1", Runs: 6}, {Kind: "campaign", Name: "sweep-2", Submitting: true}, {Kind: "task", Name: "b-2", Saving: true}}}
	for name, tc := range map[string]struct {
		p     removal
		force bool
		want  string
		stops []api.Remedy
	}{
		"nothing": {},
		"work of ours is named": {p: removal{status: some},
			want: "work has not ended: campaign sweep-1 (6 runs), campaign sweep-2 (not fully submitted), task b-2 (saving); wait for it or stop it",
			stops: []api.Remedy{{Action: api.CampaignsStop, Ref: "sweep-1"}, {Action: api.CampaignsStop, Ref: "sweep-2"},
				{Options: []string{"Force"}, Purpose: "stop it and wait until its results are uploaded"}}},
		"work that --force stops": {p: removal{status: some}, force: true},
		"others' work, which --force does not stop": {p: removal{foreign: []string{"workload/w in lab"}}, force: true,
			want: `others' work is in the queue "vast": workload/w in lab`},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.p.allowed(api.ClusterCleanupOptions{Force: tc.force})
			var conflict *api.ConflictError
			if tc.want == "" && err != nil || tc.want != "" && (!errors.As(err, &conflict) || !strings.HasPrefix(err.Error(), tc.want)) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
			if diff := cmp.Diff(tc.stops, api.Remedies(err)); diff != "" {
				t.Errorf("remedies (-want +got):\n%s", diff)
			}
		})
	}
}
