package record_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

const (
	campaignRun = "abcdefgh"
	campaignID  = "sweep-abcdefgh-2026-06-17-101500"
)

// sweepJobs are Jobs of a campaign, each with some text of its own and much that all have.
func sweepJobs(n, packed int) iter.Seq2[*batchv1.Job, error] {
	return func(yield func(*batchv1.Job, error) bool) {
		for i := range n {
			id := kube.RunID(campaignID, "config", i)
			m := metav1.ObjectMeta{Name: kube.JobName(fmt.Sprintf("sweep-config-%d", i), id), Labels: map[string]string{kube.LabelTaskID: id, kube.LabelCampaign: campaignID, kube.LabelWorkflow: campaignRun},
				Annotations: map[string]string{kube.AnnotationConfig: "config", kube.AnnotationRun: fmt.Sprint(i)}}
			if packed > 0 {
				id = kube.PackedID(campaignID, i)
				m.Labels[kube.LabelTaskID], m.Annotations = id, map[string]string{kube.AnnotationRuns: "config/0 config/1"}
			}
			secret := &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: kube.RunSecret(campaignRun, 0)}, Key: "TOKEN"}}
			job := &batchv1.Job{ObjectMeta: m}
			job.Spec.Template.Spec.Containers = []corev1.Container{{Name: "task", Command: []string{strings.Repeat("the same for all ", 500)},
				Env: []corev1.EnvVar{{Name: "VAST_TASK_ID", Value: id}, {Name: "CAMPAIGN_ID", Value: campaignID}, {Name: "TOKEN", ValueFrom: secret}}}}
			if !yield(job, nil) {
				return
			}
		}
	}
}

func readSweep(t *testing.T, n, packed int) *record.Reader {
	t.Helper()
	var w record.Writer
	c := &record.Campaign{ID: campaignID, Runs: n}
	if err := w.Add(&record.Objects{Job: &batchv1.Job{}}); err != nil {
		t.Fatal(err)
	}
	if err := w.AddCampaign(&record.Objects{}, c, sweepJobs(n, packed)); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(&record.Objects{Job: &batchv1.Job{}}); err != nil {
		t.Fatal(err)
	}
	parts, err := w.Parts(record.Spec{Workflow: workflow.Workflow{Tasks: []workflow.Task{{Name: "a"}, {Name: "sweep"}, {Name: "b"}}}, Campaigns: map[string]*record.Campaign{"sweep": c}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Read(parts)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Campaigns["sweep"].Jobs; got != n {
		t.Fatalf("%d Jobs, want %d", got, n)
	}
	return r
}

func TestJobsOfLaterAttemptsAtACampaignHaveOtherNamesAndIDs(t *testing.T) {
	for packed := range 2 {
		r := readSweep(t, 300, packed)
		run := &record.Run{ID: campaignRun, Name: kube.RunName(campaignRun), UID: "uid"}
		next := r.Campaigns["sweep"].Attempt(2)
		if next != campaignID+"01" || kube.CampaignName(next) != kube.CampaignName(campaignID) {
			t.Errorf("the id of attempt 2 is %s", next)
		}
		n := 0
		for job, err := range r.CampaignJobs(run, "sweep", 2) {
			if err != nil {
				t.Fatal(err)
			}
			id := kube.RunID(next, "config", n)
			if packed > 0 {
				id = kube.PackedID(next, n)
			}
			env := job.Spec.Template.Spec.Containers[0].Env
			if job.Labels[kube.LabelTaskID] != id || packed == 0 && !strings.HasSuffix(job.Name, id) || job.Labels[kube.LabelCampaign] != next || env[0].Value != id || env[1].Value != next ||
				job.OwnerReferences[0].UID != "uid" || job.Annotations[kube.AnnotationAttempt] != "2" {
				t.Fatalf("Job %d is %+v with %+v", n, job.ObjectMeta, env)
			}
			n++
		}
		if n != 300 {
			t.Errorf("%d Jobs, want 300", n)
		}
	}
}

func TestJobsOfACampaignAreRenamedForAnotherRun(t *testing.T) {
	r := readSweep(t, 3, 0)
	for _, id := range []string{campaignID, "sweep-zzzzzzzz-2026-06-18-101500"} { // kept, and executed again
		n := 0
		for job, err := range r.RenamedJobs("sweep", id, campaignRun, "zzzzzzzz") {
			if err != nil {
				t.Fatal(err)
			}
			secret := job.Spec.Template.Spec.Containers[0].Env[2].ValueFrom.SecretKeyRef.Name
			if want := kube.RunID(id, "config", n); job.Labels[kube.LabelTaskID] != want || job.Labels[kube.LabelCampaign] != id ||
				job.Labels[kube.LabelWorkflow] != "zzzzzzzz" || secret != kube.RunSecret("zzzzzzzz", 0) || len(job.OwnerReferences) > 0 {
				t.Errorf("Job %d of %s is %+v with the secret %s", n, id, job.ObjectMeta, secret)
			}
			n++
		}
	}
}

func TestAnErrorOfAJobEndsACampaign(t *testing.T) {
	broken := errors.New("broken")
	err := new(record.Writer).AddCampaign(&record.Objects{}, &record.Campaign{}, func(yield func(*batchv1.Job, error) bool) { yield(nil, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}
