package result

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// day is a day of the month in which all happened.
func day(n int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC))
}

func taskJobOf(id string, made int) runtime.Object {
	j := job(id, false)
	j.CreationTimestamp = day(made)
	return j
}

// campaignOf is what the cluster has of a campaign.
func campaignOf(id string, made int, jobs ...string) []runtime.Object {
	found := []runtime.Object{&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: id, Namespace: "ns", CreationTimestamp: day(made),
		Labels:      map[string]string{kube.LabelKind: kube.KindCampaign, kube.LabelCampaign: id, kube.LabelUser: user},
		Annotations: map[string]string{kube.AnnotationCampaign: id}}}}
	for _, name := range jobs {
		j := job(name, true)
		j.Labels = map[string]string{kube.LabelKind: kube.KindRun, kube.LabelCampaign: id, kube.LabelUser: user}
		found = append(found, j)
	}
	return found
}

func TestLatestIsTheNewestOfOnesOwn(t *testing.T) {
	old, young := "old-2026-03-02-120000", "young-2026-03-06-120000"
	tests := map[string]struct {
		jobs []runtime.Object
		want string
		// task is the newest one where only tasks are considered.
		task string
	}{
		"a task, though there are campaigns":                             {append(campaignOf(old, 2, "j1"), taskJobOf("aaaaaaaa", 3)), "aaaaaaaa", "aaaaaaaa"},
		"a campaign that still has Jobs":                                 {append(campaignOf(young, 6, "j1"), taskJobOf("aaaaaaaa", 3)), young, "aaaaaaaa"},
		"one of several campaigns":                                       {append(campaignOf(old, 2), campaignOf(young, 6, "j1")...), young, "cccccccc"},
		"what is kept, when all Jobs of it are gone":                     {nil, "cccccccc", "cccccccc"},
		"a task whose Job is gone, after a campaign whose Jobs are gone": {append(campaignOf(young, 6), taskJobOf("aaaaaaaa", 3)), "cccccccc", "aaaaaaaa"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.jobs...)
			for id, started := range map[string]int{"aaaaaaaa": 3, "bbbbbbbb": 4, "cccccccc": 8, "dddddddd": 9} {
				k := task(id, 0, succeeded, nil)
				k.change = func(m *layout.Inventory) { m.Started = day(started).Time }
				if id == "dddddddd" {
					k.identity.User = "bob"
				}
				w.keep(k)
			}
			for id, made := range map[string]int{old: 2, young: 6} {
				r := layout.Record{Version: layout.RecordVersion, Namespace: "ns", ID: id, User: user, Total: 1, Created: day(made).Time}
				w.put(layout.RecordKey(id), string(r.Marshal()))
				w.keep(run(id, "a-1", 0, succeeded, nil))
			}
			list, err := w.List(t.Context(), api.ResultListOptions{Ref: kube.Latest})
			if err != nil {
				t.Fatal(err)
			}
			got := list.Items[0].Campaign
			if got == "" {
				got = list.Items[0].TaskID
			}
			if got != tc.want {
				t.Errorf("it is %s, want %s", got, tc.want)
			}
			if s, err := w.Task(t.Context(), kube.Latest); err != nil || s.ID != tc.task {
				t.Errorf("the newest task is %v, %v; want %s", s, err, tc.task)
			}
		})
	}
}

func TestLatestNeedsNoRightToListCampaigns(t *testing.T) {
	w := newWorld(t, job("aaaaaaaa", false))
	w.refuse("", "configmaps")
	w.keep(task("aaaaaaaa", 0, succeeded, nil))
	if list, err := w.List(t.Context(), api.ResultListOptions{Ref: kube.Latest}); err != nil || list.Items[0].TaskID != "aaaaaaaa" {
		t.Errorf("%v, %v", list, err)
	}
}

func TestLatestOfWhoHasNothing(t *testing.T) {
	w := newWorld(t)
	k := task("aaaaaaaa", 0, succeeded, nil)
	k.identity.User = "bob"
	w.keep(k)
	if _, err := w.List(t.Context(), api.ResultListOptions{Ref: kube.Latest}); !isNotFound(err) {
		t.Errorf("error %v", err)
	}
}
