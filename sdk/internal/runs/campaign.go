package runs

import (
	"context"
	"fmt"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	campaignrecord "github.com/kubevast/vast/sdk/internal/campaign/record"
	campaignrun "github.com/kubevast/vast/sdk/internal/campaign/run"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
)

// maxCampaigns limits the Jobs of all campaigns of a run, in bytes as they are stored: the
// driver has them in memory. Jobs of campaigns are alike, and 10,000 take a few of these.
const maxCampaigns = 16 << 20

// draftCampaign renders a task that is a campaign, and returns a hash of what it does.
func (s *submission) draftCampaign(ctx context.Context, t *spec.WorkflowTask) (identity string, err error) {
	step, err := s.c.campaigns.DraftStep(ctx, t.Campaign, s.options, task.Step{Run: s.new.ID, Workflow: s.workflow.Name, Name: t.Graph.Name, Secret: s.secret}, s.submitted)
	if err != nil {
		return "", err
	}
	one := &record.Campaign{ID: step.ID, Runs: step.Runs, Timeout: int64(t.Timeout.Seconds())}
	if err := s.writer.AddCampaign(&record.Objects{ConfigMaps: []corev1.ConfigMap{*step.Record}, RuntimeEnv: t.RuntimeEnv}, one, step.Jobs()); err != nil {
		return "", err
	}
	if n := s.writer.StreamSize(); n > maxCampaigns {
		return "", &api.InvalidSpecError{Problems: []api.Problem{{File: s.workflow.Path, Line: t.At.Line, Column: t.At.Column, Path: "tasks." + t.Graph.Name,
			Message: fmt.Sprintf("the %d Jobs of the campaign have %d MiB together with the tasks before it, and at most %d are possible; give it fewer runs, or submit it by itself", one.Jobs, n>>20, maxCampaigns>>20)}}}
	}
	if s.campaigns == nil {
		s.campaigns = map[string]*record.Campaign{}
	}
	s.campaigns[t.Graph.Name] = one
	s.new.Kept, s.new.Submitted = true, s.submitted
	s.uploads = append(s.uploads, func(ctx context.Context) error {
		if err := step.Upload(ctx, s.new.ID); err != nil {
			return fmt.Errorf("the inputs of campaign %s: %w", step.ID, err)
		}
		return nil
	})
	return step.Identity + strconv.FormatInt(one.Timeout, 10), nil
}

// countRuns sets the counts of the runs of the campaigns of a run. What cannot be read is a
// warning.
func (c *Client) countRuns(ctx context.Context, run *api.WorkflowRun) {
	var refs []string
	for _, t := range run.Tasks {
		if t.Campaign != "" {
			refs = append(refs, t.Campaign)
		}
	}
	if len(refs) == 0 {
		return
	}
	list, err := c.campaigns.List(ctx, api.CampaignListOptions{Refs: refs, AllUsers: true, Ended: true})
	if err != nil && !api.IsNotFound(err) {
		c.conn.Warn("the runs of the campaigns cannot be counted: " + err.Error())
	}
	if list == nil {
		return
	}
	counts := map[string]api.RunCounts{}
	for i := range list.Items {
		counts[list.Items[i].ID] = list.Items[i].Runs
	}
	for i := range run.Tasks {
		t := &run.Tasks[i]
		if n, ok := counts[t.Campaign]; ok {
			t.Runs = &n
			if text := words(&n); t.Reason == "" {
				t.Reason = text
			} else {
				t.Reason += "; " + text
			}
		}
	}
}

// words states the counts of runs.
func words(n *api.RunCounts) string {
	text := fmt.Sprintf("%d of %d runs succeeded", n.Succeeded+n.Rejected, n.Total)
	for _, more := range []struct {
		n    int
		what string
	}{{n.Failed, "failed"}, {n.Stopped, "stopped"}, {n.Missing, "missing"}, {n.Running + n.Saving, "running"}} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	return text
}

// renameCampaign adds a task that is a campaign to the new run. One that is kept keeps its id.
func (r *rerun) renameCampaign(name string, objects *record.Objects, runtime map[string]string) error {
	old := r.spec.Campaigns[name]
	one := *old
	kept := r.again.Why[name] == ""
	if !kept {
		one.ID = campaignrun.StepID(r.new.ID, name, r.submitted)
		r.new.Submitted = r.submitted
		r.uploads = append(r.uploads, func(ctx context.Context) error {
			return r.c.campaigns.CopyStep(ctx, old.ID, one.ID, r.new.ID, r.new.User)
		})
	} else if id := r.spec.StoredID(r.old, name); r.old.State.Tasks[name].Attempt > 0 {
		r.kept[name] = id
	}
	r.new.Kept = true
	if len(objects.ConfigMaps) != 1 {
		return fmt.Errorf("task %q has no record of a campaign", name)
	}
	cm := &objects.ConfigMaps[0]
	of, err := record.CampaignOf(cm)
	if err != nil {
		return err
	}
	if !kept {
		of.ID, of.User, of.Created = one.ID, r.new.User, r.submitted.Truncate(time.Second)
		labels, annotations := cm.Labels, cm.Annotations
		*cm = *campaignrecord.Object(of)
		for key, value := range labels {
			if _, have := cm.Labels[key]; !have {
				cm.Labels[key] = value
			}
		}
		for key, value := range annotations {
			if _, have := cm.Annotations[key]; !have {
				cm.Annotations[key] = value
			}
		}
	}
	jobs := func(yield func(*batchv1.Job, error) bool) {
		for job, err := range r.spec.RenamedJobs(name, one.ID, r.old.ID, r.new.ID) {
			if err == nil {
				pod := &job.Spec.Template.Spec
				for _, variable := range objects.RuntimeEnv {
					setEnv(pod.Containers, variable, runtime[variable])
					setEnv(pod.InitContainers, variable, runtime[variable])
				}
				for _, m := range []*metav1.ObjectMeta{&job.ObjectMeta, &job.Spec.Template.ObjectMeta} {
					if m.Labels[kube.LabelUser] != "" {
						m.Labels[kube.LabelUser] = kube.LabelValue(r.new.User)
					}
					if m.Annotations[kube.AnnotationUser] != "" {
						m.Annotations[kube.AnnotationUser] = r.new.User
					}
				}
			}
			if !yield(job, err) {
				return
			}
		}
	}
	if r.campaigns == nil {
		r.campaigns = map[string]*record.Campaign{}
	}
	r.campaigns[name] = &one
	return r.writer.AddCampaign(objects, &one, jobs)
}
