package driver

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

// campaignOf is a campaign of some runs that is the task, whose name has two characters.
func campaignOf(task string, runs int) *record.Campaign {
	return &record.Campaign{ID: task + "-" + runID + "-2026-06-17-101500", Runs: runs}
}

func campaignMeta(task, name, kind string, c *record.Campaign) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "lab",
		Labels:      map[string]string{kube.LabelKind: kind, kube.LabelWorkflow: runID, kube.LabelCampaign: c.ID},
		Annotations: map[string]string{kube.AnnotationStep: task, kube.AnnotationCampaign: c.ID}}
}

func campaignRecord(task string, c *record.Campaign) *record.Objects {
	r := &layout.Record{Version: layout.RecordVersion, ID: c.ID, Namespace: "lab", Total: c.Runs, Jobs: c.Runs}
	return &record.Objects{ConfigMaps: []corev1.ConfigMap{{ObjectMeta: campaignMeta(task, c.ID, kube.KindCampaign, c), Data: record.CampaignData(r)}}}
}

func campaignJobs(task string, c *record.Campaign) iter.Seq2[*batchv1.Job, error] {
	return func(yield func(*batchv1.Job, error) bool) {
		for run := range c.Runs {
			id := kube.RunID(c.ID, "config", run)
			job := &batchv1.Job{ObjectMeta: campaignMeta(task, kube.JobName(fmt.Sprintf("%s-config-%d", task, run), id), kube.KindRun, c)}
			job.Labels[kube.LabelStep], job.Labels[kube.LabelTaskID] = task, id
			job.Annotations[kube.AnnotationConfig], job.Annotations[kube.AnnotationRun] = "config", fmt.Sprint(run)
			job.Annotations[kube.AnnotationSpecHash] = "hash-" + id
			if !yield(job, nil) {
				return
			}
		}
	}
}

// jobsOf returns the Jobs of an attempt at a campaign, and how many of them have executed how
// often.
func (s *server) jobsOf(c *record.Campaign, attempt int) (jobs []batchv1.Job, executed map[int]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	executed = map[int]int{}
	for at, data := range s.objects {
		if strings.Contains(at, "/jobs/") && metaOf(data).Labels[kube.LabelCampaign] == c.Attempt(attempt) {
			var job batchv1.Job
			if err := json.Unmarshal(data, &job); err != nil {
				s.t.Error(err)
			}
			jobs = append(jobs, job)
			executed[s.executed[job.Name]]++
		}
	}
	return jobs, executed
}

// checkCampaign checks the end of a task that is a campaign: attempts is 1 if it has executed.
func (s *server) checkCampaign(task string, c *record.Campaign, is, planned workflow.Status, attempts int) {
	s.t.Helper()
	_, executed := s.jobsOf(c, 1)
	if want := attempts * c.Runs; is != planned || executed[1] != want || len(executed) > attempts {
		s.t.Errorf("campaign %s is %s, and its Jobs were executed %v times; planned is %s with %d Jobs that are executed once", task, is, executed, planned, want)
	}
}

// The Jobs of this server have no pods, which is what a failure is diagnosed as.
func TestARetryOfACampaignIsAnotherCampaignOfAllItsRuns(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	s.fails["c1"] = true
	of := campaignOf("c1", 3)
	s.submit(workflow.Workflow{Tasks: []workflow.Task{{Name: "c1", Retry: workflow.Retry{Count: 1, Causes: []string{"Deleted"}}}}}, nil, of)
	run, err := Drive(t.Context(), options(c, PodHolder("d")))
	if err != nil {
		t.Fatal(err)
	}
	if got := run.State.Tasks["c1"]; got.Attempt != 2 || got.Status != workflow.StatusFailed || got.Cause != "Deleted" {
		t.Errorf("the task is %+v", got)
	}
	for attempt := 1; attempt <= 2; attempt++ {
		jobs, executed := s.jobsOf(of, attempt)
		if len(jobs) != 3 || executed[1] != 3 {
			t.Errorf("attempt %d has %d Jobs, executed %v times", attempt, len(jobs), executed)
		}
		for _, job := range jobs {
			number := 0
			if _, err := fmt.Sscan(job.Annotations[kube.AnnotationRun], &number); err != nil {
				t.Error(err)
			}
			if id := kube.RunID(of.Attempt(attempt), "config", number); job.Labels[kube.LabelTaskID] != id || !strings.HasSuffix(job.Name, id) || job.OwnerReferences[0].Name != kube.RunName(runID) {
				t.Errorf("Job %s of attempt %d has the id %s and the owners %v", job.Name, attempt, job.Labels[kube.LabelTaskID], job.OwnerReferences)
			}
		}
	}
}

// A run is stopped at any moment of the creation of a campaign, by drivers that die. No Job is
// left that executes, and none is created after the end.
func TestACampaignIsStoppedAtAnyMoment(t *testing.T) {
	t.Parallel()
	for seed := range uint64(15) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s, c := newServer(t, seed)
			s.endless = true
			of := campaignOf("c1", 40)
			s.submit(one("c1"), nil, of)
			s.faults = 50
			random := rand.New(rand.NewPCG(seed, 7))
			stopAfter := time.Duration(random.IntN(60)) * time.Millisecond
			var work sync.WaitGroup
			work.Go(func() {
				time.Sleep(stopAfter) // the moment is what the test varies
				s.annotate("/api/v1/namespaces/lab/configmaps/"+kube.RunName(runID), kube.AnnotationStop, "ann")
			})
			for n := range 2 {
				work.Go(func() {
					for try := 0; !s.state().State.Phase.Final(); try++ {
						ctx, kill := context.WithTimeout(t.Context(), 80*time.Millisecond)
						_, _ = Drive(ctx, options(c, PodHolder(fmt.Sprintf("d%d-%d", n, try)))) // it is repeated
						kill()
					}
				})
			}
			work.Wait()
			got := s.state().State
			if status := got.Tasks["c1"].Status; status == workflow.StatusRunning || status == workflow.StatusSuccess || status == workflow.StatusFailed {
				t.Errorf("the task is %s", status)
			}
			jobs, executed := s.jobsOf(of, 1)
			if executed[2] > 0 {
				t.Errorf("Jobs were executed %v times", executed)
			}
			for _, job := range jobs {
				if job.Annotations[kube.AnnotationStoppedBy] != "ann" {
					t.Errorf("Job %s was not stopped by ann: %v", job.Name, job.Annotations)
				}
			}
		})
	}
}

func TestACampaignThatExceedsItsTimeoutHasFailed(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	s.endless = true
	of := campaignOf("c1", 3)
	of.Timeout = 1
	s.submit(one("c1"), nil, of)
	run, err := Drive(t.Context(), options(c, PodHolder("d")))
	if err != nil {
		t.Fatal(err)
	}
	if got := run.State.Tasks["c1"]; got.Status != workflow.StatusFailed || !got.TimedOut || got.Cause != "Deadline" {
		t.Errorf("the task is %+v", got)
	}
}

func TestACampaignWithADeletedJobHasFailed(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	of := campaignOf("c1", 3)
	s.submit(one("c1"), nil, of)
	s.loses = kube.RunID(of.ID, "config", 1)
	run, err := Drive(t.Context(), options(c, PodHolder("d")))
	if err != nil {
		t.Fatal(err)
	}
	if got := run.State.Tasks["c1"]; got.Status != workflow.StatusFailed || got.Cause != workflow.CauseDeleted {
		t.Errorf("the task is %+v", got)
	}
}
