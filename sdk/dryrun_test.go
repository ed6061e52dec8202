package sdk_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// change is a method that changes something.
type change struct {
	do func(context.Context, *world, api.DryRun) (any, error)
	// before is what has been done before, nil for nothing.
	before func(context.Context, *world) error
	// begun: it continues until a real cluster has done its part, and is ended
	// at its first change.
	begun bool
	// noServer: no API server has a part in it, so that its dry run sends
	// nothing; refused: or there is no such dry run.
	noServer, refused bool
}

// scheduled creates the schedule "nightly".
func scheduled(ctx context.Context, w *world) error {
	_, err := w.Schedules().Apply(ctx, w.schedule("nightly"), api.SubmitOptions{})
	return err
}

// changing are all methods that change something.
var changing = map[string]change{
	"Task.Submit": {before: func(_ context.Context, w *world) error {
		w.big()
		return nil
	}, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Tasks().Submit(ctx, w.big(), api.SubmitOptions{DryRun: d, Dir: w.dir})
	}},
	"Task.Stop": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Tasks().Stop(ctx, w.task, api.TaskStopOptions{DryRun: d})
	}},
	"Task.Delete": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Tasks().Delete(ctx, w.task, api.TaskDeleteOptions{DryRun: d, Wait: true})
	}},
	"Volume.Create": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Volumes().Create(ctx, w.volume("more"), api.VolumeCreateOptions{DryRun: d})
	}},
	"Volume.Delete": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Volumes().Delete(ctx, "data", api.VolumeDeleteOptions{DryRun: d, Wait: true})
	}},
	"Queue.Hold": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Queues().Hold(ctx, "vast", api.QueueHoldOptions{DryRun: d})
	}},
	"Queue.Resume": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Queues().Resume(ctx, "night", api.QueueResumeOptions{DryRun: d})
	}},
	"Campaign.Run": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		s, configs := w.sweep()
		return w.Campaigns().Run(ctx, s, configs, api.CampaignOptions{DryRun: d, Name: "other", Force: true})
	}},
	"Campaign.Rerun": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Campaigns().Rerun(ctx, w.campaign, api.CampaignRerunOptions{CampaignOptions: api.CampaignOptions{DryRun: d, Name: "again", Force: true}})
	}},
	"Campaign.Stop": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Campaigns().Stop(ctx, w.campaign, api.CampaignStopOptions{DryRun: d})
	}},
	"Campaign.Hold": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Campaigns().Hold(ctx, w.campaign, api.CampaignHoldOptions{DryRun: d})
	}},
	"Campaign.Resume": {before: func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().Hold(ctx, w.campaign, api.CampaignHoldOptions{})
		return err
	}, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Campaigns().Resume(ctx, w.campaign, api.CampaignHoldOptions{DryRun: d})
	}},
	"Campaign.Cleanup": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Campaigns().Cleanup(ctx, api.CampaignCleanupOptions{DryRun: d, Campaigns: []string{w.campaign}, Data: true, Force: true})
	}},
	"Campaign.Prepare": {refused: true, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		s, configs := w.sweep()
		return w.Campaigns().Prepare(ctx, s, configs, api.PrepareOptions{CampaignOptions: api.CampaignOptions{DryRun: d}, Dir: filepath.Join(w.dir, "a", "out")})
	}},
	"Result.Delete": {noServer: true, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Results().Delete(ctx, w.other, api.ResultDeleteOptions{DryRun: d})
	}},
	"Share.Upload": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Shares().Upload(ctx, w.upload(d))
	}},
	"Share.Stop": {before: func(ctx context.Context, w *world) error {
		_, err := w.Shares().Upload(ctx, w.upload(api.DryRunNone))
		return err
	}, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Shares().Stop(ctx, "", api.ShareStopOptions{DryRun: d})
	}},
	"Workflow.Submit": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().Submit(ctx, w.flow("other"), api.SubmitOptions{DryRun: d})
	}},
	"Workflow.Stop": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().Stop(ctx, w.run, api.TaskStopOptions{DryRun: d})
	}},
	"Workflow.Redeliver": {before: func(ctx context.Context, w *world) error {
		return w.gate(ctx, workflow.Observed{Now: time.Now(), Cancel: true})
	}, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().Redeliver(ctx, w.gated, api.WorkflowRedeliverOptions{DryRun: d})
	}},
	"Workflow.Delete": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().Delete(ctx, w.run, api.TaskDeleteOptions{DryRun: d})
	}},
	"Workflow.Record": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().Record(ctx, []byte("name: wrong\n"), api.Invalid("tasks.a", "unknown field"), api.SubmitOptions{DryRun: d})
	}},
	"Workflow.RebuildHistory": {noServer: true, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().RebuildHistory(ctx, d)
	}},
	"Workflow.CollectGarbage": {noServer: true, before: func(_ context.Context, w *world) error {
		w.bucket.mu.Lock()
		defer w.bucket.mu.Unlock()
		w.bucket.objects[layout.DroppedKey(w.other, "gone")] = []byte{}
		return nil
	}, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().CollectGarbage(ctx, api.GarbageOptions{DryRun: d, Grace: 1})
	}},
	"Workflow.Rerun": {before: func(ctx context.Context, w *world) error {
		return w.gate(ctx, workflow.Observed{Now: time.Now(), Cancel: true})
	}, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().Rerun(ctx, w.gated, api.WorkflowRerunOptions{DryRun: d})
	}},
	"Schedule.Apply": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Schedules().Apply(ctx, w.schedule("hourly"), api.SubmitOptions{DryRun: d})
	}},
	"Schedule.Suspend": {before: scheduled, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Schedules().Suspend(ctx, "nightly", api.TaskStopOptions{DryRun: d})
	}},
	"Schedule.Resume": {before: func(ctx context.Context, w *world) error {
		err := scheduled(ctx, w)
		if err == nil {
			_, err = w.Schedules().Suspend(ctx, "nightly", api.TaskStopOptions{})
		}
		return err
	}, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Schedules().Resume(ctx, "nightly", api.TaskStopOptions{DryRun: d})
	}},
	"Schedule.Trigger": {before: scheduled, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Schedules().Trigger(ctx, "nightly", api.TaskStopOptions{DryRun: d})
	}},
	"Schedule.Delete": {before: scheduled, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Schedules().Delete(ctx, "nightly", api.TaskStopOptions{DryRun: d})
	}},
	"Workflow.Decide": {before: func(ctx context.Context, w *world) error { return w.gate(ctx, workflow.Observed{Now: time.Now()}) }, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Workflows().Decide(ctx, w.gated, "g", api.WorkflowDecisionOptions{DryRun: d})
	}},
	"Cluster.Setup": {begun: true, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Cluster().Setup(ctx, api.SetupOptions{DryRun: d})
	}},
	"Cluster.Resize": {do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Cluster().Resize(ctx, api.ClusterResizeOptions{DryRun: d})
	}},
	"Cluster.Cleanup": {begun: true, do: func(ctx context.Context, w *world, d api.DryRun) (any, error) {
		return w.Cluster().Cleanup(ctx, api.ClusterCleanupOptions{DryRun: d, Force: true})
	}},
}

// reading are the others. Doctor.Check creates a pod unless it is disabled, and
// deletes it again: it is no change to be tested.
var reading = []string{
	"Task.Check", "Task.Render", "Task.Get", "Task.List", "Task.Watch", "Task.Wait", "Task.Logs",
	"Volume.Render", "Volume.Get", "Volume.List", "Volume.Watch",
	"Queue.Get", "Queue.List", "Queue.Pending", "Queue.Position",
	"Campaign.Render", "Campaign.Random", "Campaign.Get", "Campaign.List", "Campaign.Watch",
	"Result.Get", "Result.List", "Result.Download",
	"Share.Get", "Share.List", "Share.Watch",
	// Reconcile does what the submission of a run has decided.
	"Schedule.List",
	"Workflow.Get", "Workflow.List", "Workflow.Watch", "Workflow.Events", "Workflow.Approvals", "Workflow.Reconcile", "Workflow.History",
	"Cluster.Configs", "Cluster.Render", "Cluster.Get",
	"Doctor.Check", "Doctor.Role",
}

func TestOfEveryMethodItIsKnownWhetherItChangesSomething(t *testing.T) {
	t.Parallel()
	client := reflect.TypeFor[*sdk.Client]()
	var all []string
	for i := range client.NumMethod() {
		m := client.Method(i).Type
		if m.NumIn() != 1 || m.NumOut() != 1 || m.Out(0).Kind() != reflect.Interface || m.Out(0).PkgPath() != "github.com/kubevast/vast/sdk" {
			continue
		}
		for j := range m.Out(0).NumMethod() {
			all = append(all, m.Out(0).Name()+"."+m.Out(0).Method(j).Name)
		}
	}
	known := slices.Clone(reading)
	for name := range changing {
		known = append(known, name)
	}
	slices.Sort(all)
	slices.Sort(known)
	if diff := gocmp.Diff(all, known); diff != "" {
		t.Errorf("the methods of the interfaces (-) and those of this test (+):\n%s", diff)
	}
}

func TestADryRunKeepsNothingAndTheClientsSendsNothing(t *testing.T) {
	t.Parallel()
	for name, c := range changing {
		for _, d := range []api.DryRun{api.DryRunNone, api.DryRunClient, api.DryRunServer, "everything"} {
			t.Run(name+" with "+string(d), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.begun {
					w.server.changed = cancel
				}
				if c.before != nil {
					if err := c.before(ctx, w); err != nil {
						t.Fatal(err)
					}
					w.forget()
				}
				before := w.state()
				_, err := c.do(ctx, w, d)
				cancel()
				after, changes := w.state(), w.changes()
				tried := func(s string) bool { return strings.HasSuffix(s, " dryRun=All") }
				refused := d == "everything" || c.refused && d == api.DryRunServer
				switch {
				case refused:
					if invalid := (*api.InvalidSpecError)(nil); !errors.As(err, &invalid) {
						t.Errorf("it is no InvalidSpec: %v", err)
					}
				case err != nil && !(c.begun && d == api.DryRunNone):
					t.Error(err)
				}
				if d == api.DryRunNone {
					if gocmp.Equal(before, after) {
						t.Errorf("without a dry run it changed nothing, by the requests %q", changes)
					}
					return
				}
				if diff := gocmp.Diff(before, after); diff != "" {
					t.Errorf("something was changed:\n%s", diff)
				}
				switch {
				case d != api.DryRunServer || refused || c.noServer:
					if len(changes) > 0 {
						t.Errorf("it sent %q", changes)
					}
				case len(changes) == 0:
					t.Error("the API server was not asked")
				case !slices.ContainsFunc(changes, func(s string) bool { return !tried(s) }):
				default:
					t.Errorf("not all of these are dry runs: %q", changes)
				}
			})
		}
	}
}

func TestWhatTheClientsDryRunReturns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does  string
		holds func(any) bool
	}{
		"a task that was submitted": {"Task.Submit", func(v any) bool { s := v.(*api.TaskStatus); return s.NumNodes == 2 && s.ID != "" && s.User == "ann" }},
		"a task that is stopped":    {"Task.Stop", func(v any) bool { s := v.(*api.TaskStatus); return s.State == api.Stopped && s.StoppedBy == "ann" }},
		"a task that was deleted":   {"Task.Delete", func(v any) bool { return v.(*api.TaskStatus).TaskName == "first" }},
		"a volume that was created": {"Volume.Create", func(v any) bool { return v.(*api.VolumeStatus).VolumeName == "more" }},
		"a queue that is held":      {"Queue.Hold", func(v any) bool { return v.(*api.QueueStatus).State == api.QueueHeld }},
		"a resumed queue":           {"Queue.Resume", func(v any) bool { return v.(*api.QueueStatus).State != api.QueueHeld }},
		"a campaign that was submitted": {"Campaign.Run", func(v any) bool {
			s := v.(*api.Campaign)
			return s.Runs.Total == 2 && strings.HasPrefix(s.ID, "other-")
		}},
		"a campaign of what had failed":   {"Campaign.Rerun", func(v any) bool { s := v.(*api.Campaign); return s.Runs.Total == 1 && s.RerunOf != "" }},
		"a campaign that is stopped":      {"Campaign.Stop", func(v any) bool { s := v.(*api.Campaign); return s.State == api.CampaignStopped && s.Runs.Stopped == 1 }},
		"a campaign that is held":         {"Campaign.Hold", func(v any) bool { return v.(*api.Campaign).State == api.CampaignHeld }},
		"a resumed campaign":              {"Campaign.Resume", func(v any) bool { return v.(*api.Campaign).State == api.CampaignRunning }},
		"what is removed of a campaign":   {"Campaign.Cleanup", func(v any) bool { s := v.(*api.CampaignCleanup); return s.Jobs == 2 && s.Objects > 0 }},
		"a folder that was written":       {"Campaign.Prepare", func(v any) bool { s := v.(*api.PrepareReport); return s.Jobs == 2 && s.InputBytes > 0 }},
		"results that were removed":       {"Result.Delete", func(v any) bool { return len(v.(*api.ResultList).Items) == 1 }},
		"what a deleted run leaves":       {"Workflow.CollectGarbage", func(v any) bool { s := v.(*api.GarbageList); return len(s.Items) == 1 && s.Items[0].Objects == 2 }},
		"what is set up":                  {"Cluster.Setup", func(v any) bool { return v.(*api.ClusterStatus).Config == "kind" }},
		"the quota that was measured":     {"Cluster.Resize", func(v any) bool { return v.(*api.ClusterResize).Changed }},
		"what a cleanup takes away":       {"Cluster.Cleanup", func(v any) bool { return len(v.(*api.ClusterCleanup).Remove) > 0 }},
		"a volume that was to be removed": {"Volume.Delete", func(v any) bool { return v.(*api.VolumeStatus).VolumeName == "data" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, does := newWorld(t), changing[c.does]
			if does.before != nil {
				if err := does.before(t.Context(), w); err != nil {
					t.Fatal(err)
				}
			}
			got, err := does.do(t.Context(), w, api.DryRunClient)
			if err != nil {
				t.Fatal(err)
			}
			if !c.holds(got) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestADryRunDoesNotFindWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, do := range map[string]func() (any, error){
		"a task to stop": func() (any, error) {
			return w.Tasks().Stop(t.Context(), "zzzzzzzz", api.TaskStopOptions{DryRun: api.DryRunClient})
		},
		"a task to delete": func() (any, error) {
			return w.Tasks().Delete(t.Context(), "zzzzzzzz", api.TaskDeleteOptions{DryRun: api.DryRunClient})
		},
		"a volume": func() (any, error) {
			return w.Volumes().Delete(t.Context(), "none", api.VolumeDeleteOptions{DryRun: api.DryRunClient})
		},
		"a campaign to stop": func() (any, error) {
			return w.Campaigns().Stop(t.Context(), "none", api.CampaignStopOptions{DryRun: api.DryRunClient})
		},
		"a campaign to remove": func() (any, error) {
			return w.Campaigns().Cleanup(t.Context(), api.CampaignCleanupOptions{Campaigns: []string{"none"}, DryRun: api.DryRunClient})
		},
		"a result": func() (any, error) {
			return w.Results().Delete(t.Context(), "zzzzzzzz", api.ResultDeleteOptions{DryRun: api.DryRunClient})
		},
	} {
		if _, err := do(); !errors.As(err, new(*api.NotFoundError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
