package sdk_test

import (
	"errors"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// job adds a task.
func (w *world) job(name, id, user string) {
	job := batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: kube.JobName(name, id), Namespace: "lab", UID: "of-" + "job",
		Labels: map[string]string{kube.LabelKind: kube.KindTask, kube.LabelTaskID: id,
			kube.LabelTaskName: kube.LabelValue(name), kube.LabelUser: kube.LabelValue(user)},
		Annotations: map[string]string{kube.AnnotationTaskName: name, kube.AnnotationUser: user}}}
	w.add("/apis/batch/v1/namespaces/lab/jobs/"+job.Name, "Job", job)
}

// names reports that a reference has led to what was wanted: a name, or an error
// with the words that are.
func names(want, got string, err error) bool {
	if strings.Contains(want, " ") {
		if err == nil {
			return false
		}
		text := err.Error()
		for _, r := range api.Remedies(err) {
			text += "; remedy " + string(r.Action) + " " + r.Ref
		}
		return strings.Contains(text, want)
	}
	return err == nil && got == want
}

// crowd is a world with tasks whose names and ids are much alike.
func crowd(t *testing.T) *world {
	w := newWorld(t)
	for _, j := range [][3]string{
		{"ab", "11112222", "ann"}, {"zed", "ab345678", "ann"}, {"solo", "eeee1111", "ann"}, {"eeee1111", "dddd1111", "ann"},
		{"hello", "oi6kbnen", "ann"}, {"hello", "bbbbbbbb", "bob"}, {"theirs", "cccccccc", "bob"},
		{"train", "fff11111", "ann"}, {"train", "fff22222", "ann"}, {"My Task", "gggg1111", "ann"}, {"onlyone", "hhhh1111", "ann"},
		{"training-large", "jjjj1111", "ann"}, {"oi6", "kkkk1111", "ann"}, {"mix", "llll1111", "ann"}, {"nnn", "mix11111", "ann"},
	} {
		w.job(j[0], j[1], j[2])
	}
	w.add(kueueAPI+"/namespaces/lab/workloads/job-hello-oi6kbnen-1a2b3", "Workload", map[string]any{"metadata": map[string]any{
		"name": "job-hello-oi6kbnen-1a2b3", "namespace": "lab",
		"ownerReferences": []any{map[string]any{"apiVersion": "batch/v1", "kind": "Job", "name": "hello-oi6kbnen", "uid": "x", "controller": true}}}})
	return w
}

func TestWhichTaskAReferenceNames(t *testing.T) {
	t.Parallel()
	w := crowd(t)
	// What is in words is an error; it has all of them.
	for name, c := range map[string]struct {
		ref, look string
		change    string // empty: as look
	}{
		"its id":                                       {"oi6kbnen", "hello-oi6kbnen", ""},
		"its Job's name":                               {"hello-oi6kbnen", "hello-oi6kbnen", ""},
		"what -o name prints":                          {"task.kubevast.io/hello-oi6kbnen", "hello-oi6kbnen", ""},
		"a type and an id":                             {"task/oi6kbnen", "hello-oi6kbnen", ""},
		"a type with its version":                      {"jobs.v1.batch/hello-oi6kbnen", "hello-oi6kbnen", ""},
		"what the client's dry run prints":             {"job.batch/hello-oi6kbnen", "hello-oi6kbnen", ""},
		"what queue list prints":                       {"queuedtask.kubevast.io/job-hello-oi6kbnen-1a2b3", "hello-oi6kbnen", ""},
		"a Workload of none":                           {"queuedtask.kubevast.io/job-gone", "not found", ""},
		"its name, which another user has given, too":  {"hello", "hello-oi6kbnen", ""},
		"its name, with which another one's id begins": {"ab", "ab-11112222", ""},
		"its name, with which an own id begins":        {"oi6", "oi6-kkkk1111", ""},
		"a name with a space":                          {"My Task", "my-task-gggg1111", ""},
		"the beginning of an id":                       {"ab3", "zed-ab345678", ""},
		"the beginning of another user's id":           {"bbb", "hello-bbbbbbbb", ""},
		"the beginning of a name":                      {"only", "onlyone-hhhh1111", "only the beginning of the name of hhhh1111 (onlyone-hhhh1111)"},
		"the beginning of a Job's name":                {"onlyone-hh", "onlyone-hhhh1111", "only the beginning of the name"},
		"the beginning of a name, as long as an id":    {"training", "training-large-jjjj1111", "not found"},
		"the name of another user's task":              {"theirs", "not found", ""},
		"the newest of some that came in one second":   {"@latest", "zed-ab345678", "submitted in the same second"},
		"the name of two":                              {"train", "may be any of 2 tasks: fff11111 (train-fff11111), fff22222 (train-fff22222)", ""},
		"the beginning of the ids of two":              {"fff", "is the beginning of 2 tasks: fff11111 (train-fff11111), fff22222 (train-fff22222)", ""},
		"the beginning of an id and of a name":         {"mi", "is the beginning of 2 tasks: llll1111 (mix-llll1111), mix11111 (nnn-mix11111)", ""},
		"the id of one and the name of another":        {"eeee1111", "may be any of 2 tasks: dddd1111 (eeee1111-dddd1111), eeee1111 (solo-eeee1111)", ""},
		"a whole id that is not there":                 {"zzzzzzzz", "not found", ""},
		"nothing":                                      {"", "no task named", ""},
		"a type without a name":                        {"task/", "has no name", ""},
		"a campaign":                                   {"campaign.kubevast.io/x-2026-06-17-101500", "is a campaign; a task is required", ""},
		"a volume":                                     {"volume.kubevast.io/data", "is a volume; a task is required", ""},
		"a queue":                                      {"localqueue.kueue.x-k8s.io/vast", "is a queue; a task is required", ""},
		"a result":                                     {"result.kubevast.io/oi6kbnen/0", "is a result; a task is required", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change == "" {
				c.change = c.look
			}
			for how, do := range map[string]func() (*api.TaskStatus, error){
				c.look + " to look at": func() (*api.TaskStatus, error) { return w.Tasks().Get(t.Context(), c.ref) },
				c.change + " to stop": func() (*api.TaskStatus, error) {
					return w.Tasks().Stop(t.Context(), c.ref, api.TaskStopOptions{DryRun: api.DryRunClient})
				},
				c.change + " to delete": func() (*api.TaskStatus, error) {
					return w.Tasks().Delete(t.Context(), c.ref, api.TaskDeleteOptions{DryRun: api.DryRunClient})
				},
			} {
				want, _, _ := strings.Cut(how, " to ")
				got, err := do()
				if err != nil {
					got = &api.TaskStatus{}
				}
				if !names(want, got.Name, err) {
					t.Errorf("%s: %q, %v", how, got.Name, err)
				}
				if wrong := (*api.InvalidSpecError)(nil); err != nil && strings.Contains(want, "not found") == errors.As(err, &wrong) {
					t.Errorf("%s: a %T", how, err)
				}
			}
		})
	}
}

func TestWhichCampaignAReferenceNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := func(name string) string {
		t.Helper()
		s, configs := w.sweep()
		made, err := w.Campaigns().Run(t.Context(), s, configs, api.CampaignOptions{Name: name, Force: true})
		if err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	big, once, again := run("sweep-big"), run("twice"), run("twice")
	for name, c := range map[string]struct {
		ref, look string
		change    string // empty: as look
	}{
		"its id":              {w.campaign, w.campaign, ""},
		"what -o name prints": {"campaign.kubevast.io/" + w.campaign, w.campaign, ""},
		"its name, with which another one begins": {"sweep", w.campaign, ""},
		"the beginning of an id":                  {w.campaign[:len("sweep-20")], w.campaign, ""},
		"the beginning of a name":                 {"sweep-b", big, "only the beginning of the name of " + big},
		"the name of two":                         {"twice", "may be any of 2 campaigns: " + once + ", " + again, ""},
		"the beginning of several":                {"swe", "is the beginning of 2 campaigns", ""},
		"none":                                    {"zzz", "not found", ""},
		"what looks like a task's id":             {"zzzzzzzz", "it may be the id of a task; remedy Tasks.Get zzzzzzzz", ""},
		"a task":                                  {"task.kubevast.io/first-" + w.task, "is a task; a campaign is required", ""},
		"a Job":                                   {"job.batch/first-" + w.task, "is a Job; a campaign is required", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change == "" {
				c.change = c.look
			}
			check := func(how, want, got string, err error) {
				t.Helper()
				if !names(want, got, err) {
					t.Errorf("%s: %q, %v; want %q", how, got, err, want)
				}
			}
			looked, err := w.Campaigns().List(t.Context(), api.CampaignListOptions{Refs: []string{c.ref}})
			id := ""
			if err == nil {
				id = looked.Items[0].ID
			}
			check("to look at", c.look, id, err)
			d := api.DryRunClient
			for how, do := range map[string]func() (*api.Campaign, error){
				"to stop": func() (*api.Campaign, error) {
					return w.Campaigns().Stop(t.Context(), c.ref, api.CampaignStopOptions{DryRun: d})
				},
				"to hold": func() (*api.Campaign, error) {
					return w.Campaigns().Hold(t.Context(), c.ref, api.CampaignHoldOptions{DryRun: d})
				},
				"to resume": func() (*api.Campaign, error) {
					return w.Campaigns().Resume(t.Context(), c.ref, api.CampaignHoldOptions{DryRun: d})
				},
				"to clean up": func() (*api.Campaign, error) {
					done, err := w.Campaigns().Cleanup(t.Context(), api.CampaignCleanupOptions{Campaigns: []string{c.ref}, Force: true, DryRun: d})
					if err != nil {
						return nil, err
					}
					return &api.Campaign{ID: done.Campaigns[0]}, nil
				},
			} {
				got, err := do()
				if err != nil {
					got = &api.Campaign{}
				}
				check(how, c.change, got.ID, err)
			}
		})
	}
}

func TestWhichResultAReferenceNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keep := func(prefix string) {
		w.bucket.objects[prefix+"out.txt"] = []byte("a result")
		w.bucket.objects[prefix+"_vast/manifest.json"] = []byte(`{"version": 1}`)
	}
	const bobs = "bobs-2026-03-01-120000"
	keep("tasks/" + w.task + "/0/")
	keep("campaigns/" + w.campaign + "/a/0/")
	keep("campaigns/" + bobs + "/a/0/")
	w.bucket.objects["campaigns/"+bobs+"/record.json"] = []byte(`{"version": 1, "id": "` + bobs + `", "namespace": "lab", "user": "bob"}`)
	keep("tasks/first000/0/") // its id begins as the name of another one
	run := ""
	for key, object := range w.server.objects {
		if m := metaOf(object); strings.Contains(key, "/jobs/") && m.Annotations[kube.AnnotationRun] == "0" {
			run = m.Name
		}
	}
	for name, c := range map[string]struct {
		ref, look string
		change    string // empty: as look
	}{
		"an id":                               {w.other, w.other + "/0", ""},
		"what -o name prints of a node":       {"result.kubevast.io/" + w.other + "/0", w.other + "/0", ""},
		"what -o name prints of a task":       {"task.kubevast.io/first-" + w.task, w.task + "/0", ""},
		"a Job":                               {"job.batch/first-" + w.task, w.task + "/0", ""},
		"the Job of a run":                    {"job.batch/" + run, w.campaign + "/a/0", ""},
		"what -o name prints of a campaign":   {"campaign.kubevast.io/" + w.campaign, w.campaign + "/a/0", ""},
		"what -o name prints of a run":        {"result.kubevast.io/" + w.campaign + "/a/0", w.campaign + "/a/0", ""},
		"a name, with which an id begins":     {"first", w.task + "/0", ""},
		"a campaign's name":                   {"sweep", w.campaign + "/a/0", ""},
		"the beginning of a campaign's":       {"swe", w.campaign + "/a/0", "only the beginning of the name of " + w.campaign},
		"the name of another user's":          {"bobs", bobs + "/a/0", "only the beginning of the name of " + bobs},
		"the beginning of an id":              {"abcd", w.other + "/0", ""},
		"a task with the prefix of campaigns": {"campaign/" + w.other, "not found", ""},
		"a campaign with the prefix of tasks": {"task/" + w.campaign, "not found", ""},
		"a volume":                            {"pvc/data", "is a claim; a result is required", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change == "" {
				c.change = c.look
			}
			for _, how := range []struct {
				want string
				do   func() (*api.ResultList, error)
			}{
				{c.look, func() (*api.ResultList, error) {
					return w.Results().List(t.Context(), api.ResultListOptions{Ref: c.ref})
				}},
				{c.change, func() (*api.ResultList, error) {
					return w.Results().Delete(t.Context(), c.ref, api.ResultDeleteOptions{DryRun: api.DryRunClient, Force: true})
				}},
			} {
				got, err := how.do()
				name := ""
				if err == nil && len(got.Items) == 1 {
					name = got.Items[0].Name
				}
				if !names(how.want, name, err) {
					t.Errorf("%q, %v; want %q", name, err, how.want)
				}
			}
		})
	}
}

func TestWhichVolumeAReferenceNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Bob has the claim's name that ann's volume would have had.
	w.add("/api/v1/namespaces/lab/persistentvolumeclaims/shared", "PersistentVolumeClaim", map[string]any{"metadata": metav1.ObjectMeta{
		Name: "shared", Namespace: "lab", UID: "bobs", Labels: map[string]string{kube.LabelKind: kube.KindVolume, kube.LabelUser: "bob", kube.LabelVolume: "shared"},
		Annotations: map[string]string{kube.AnnotationVolume: "shared", kube.AnnotationUser: "bob"}}})
	anns, err := w.Volumes().Create(t.Context(), w.volume("shared"), api.VolumeCreateOptions{})
	if err != nil || anns.Name == "shared" {
		t.Fatal(anns, err)
	}
	for name, c := range map[string]struct{ ref, want string }{
		"its name":                            {"shared", anns.Name},
		"its claim":                           {anns.Name, anns.Name},
		"what -o name prints":                 {"volume.kubevast.io/" + anns.Name, anns.Name},
		"what -o name prints of another's":    {"volume.kubevast.io/shared", "shared"},
		"a claim, as the dry run prints it":   {"persistentvolumeclaim/data", "data"},
		"a claim, for short":                  {"pvc/shared", "shared"},
		"a type and a name that no claim has": {"volume/nothing", "not found"},
		"a claim's type and a volume's name":  {"pvc/nothing", "not found"},
		"a task":                              {"task.kubevast.io/first", "is a task; a volume is required"},
		"a queue":                             {"queue.kubevast.io/vast", "is a queue; a volume is required"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.Volumes().Get(t.Context(), c.ref)
			if err != nil {
				got = &api.VolumeStatus{}
			}
			if !names(c.want, got.Name, err) {
				t.Errorf("%q, %v", got.Name, err)
			}
		})
	}
	if _, err := w.Volumes().Delete(t.Context(), "volume.kubevast.io/shared", api.VolumeDeleteOptions{DryRun: api.DryRunClient}); !errors.As(err, new(*api.ConflictError)) {
		t.Errorf("bob's volume may be deleted: %v", err)
	}
}

func TestWhichQueueAReferenceNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for ref, want := range map[string]string{
		"night": "night", "queue.kubevast.io/night": "night", "localqueue.kueue.x-k8s.io/night": "night", "lq/night": "night", "LocalQueue/night": "night",
		"queue/nig": "not found", "task.kubevast.io/night": "is a task; a queue is required",
	} {
		check := func(got string, err error) {
			t.Helper()
			if !names(want, got, err) {
				t.Errorf("%s: %q, %v", ref, got, err)
			}
		}
		held, err := w.Queues().Hold(t.Context(), ref, api.QueueHoldOptions{DryRun: api.DryRunClient})
		if err != nil {
			held = &api.QueueStatus{}
		}
		check(held.Name, err)
		list, err := w.Queues().List(t.Context(), api.QueueListOptions{Queue: ref})
		name := ""
		if err == nil {
			name = list.Items[0].Name
		}
		check(name, err)
	}
}

func TestWhichRunAReferenceNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, configs := w.sweep()
	made, err := w.Campaigns().Run(t.Context(), s, configs, api.CampaignOptions{Name: "growth", Force: true})
	if err != nil {
		t.Fatal(err)
	}
	run := func(campaign string) string {
		return kube.JobName(strings.Split(campaign, "-")[0]+"-a-0", kube.RunID(campaign, "a", 0))
	}
	mine, other := run(made.ID), run(w.campaign)
	for name, c := range map[string]struct {
		ref, look string
		change    string // empty: as look
	}{
		"its campaign's id":            {made.ID + "/a/0", mine, ""},
		"its campaign's name":          {"growth/a/0", mine, ""},
		"the beginning of a name":      {"gro/a/0", mine, "is only the beginning of the name of " + made.ID},
		"the beginning of an id":       {"sweep-20/a/0", other, ""},
		"what -o name prints":          {"job.batch/" + mine, mine, ""},
		"a run that there is not":      {"growth/a/7", made.ID + "/a/7\" not found", ""},
		"a campaign that there is not": {"zzz/a/0", "\"zzz/a/0\" not found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change == "" {
				c.change = c.look
			}
			got, err := w.Tasks().Get(t.Context(), c.ref)
			if err != nil {
				got = &api.TaskStatus{}
			}
			if !names(c.look, got.Name, err) {
				t.Errorf("to look at: %q, %v; want %q", got.Name, err, c.look)
			}
			if got, err = w.Tasks().Stop(t.Context(), c.ref, api.TaskStopOptions{DryRun: api.DryRunClient}); err != nil {
				got = &api.TaskStatus{}
			}
			if !names(c.change, got.Name, err) {
				t.Errorf("to stop: %q, %v; want %q", got.Name, err, c.change)
			}
		})
	}
}

func TestTheLatestOfWhoHasCampaignsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delete(w.server.objects, "/apis/batch/v1/namespaces/lab/jobs/first-"+w.task)
	_, err := w.Tasks().Get(t.Context(), "@latest")
	if missing := (*api.NotFoundError)(nil); !errors.As(err, &missing) || !strings.Contains(err.Error(), "the newest campaign is "+w.campaign+": name one of its runs, as in @latest/CONFIG/RUN") {
		t.Errorf("%v", err)
	}
	s, err := w.Tasks().Get(t.Context(), "@latest/a/1")
	if err != nil || s.Name != kube.JobName("sweep-a-1", kube.RunID(w.campaign, "a", 1)) {
		t.Errorf("%+v, %v", s, err)
	}
}
