package cluster

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign"
	campaignrecord "github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/internal/volume"
)

// namespace is "lab" with these objects, and no store. No controller runs.
func namespaceOf(t *testing.T, objects ...runtime.Object) (*Client, *fake.Clientset) {
	t.Helper()
	conn, err := access.Connect(&rest.Config{Host: "http://127.0.0.1:1"}, access.Options{Namespace: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	set := fake.NewSimpleClientset(objects...) // nothing is applied, and the other one takes ten times as long
	set.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{
			UserInfo: authenticationv1.UserInfo{Username: "admin"}}}, nil
	})
	set.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authorizationv1.SelfSubjectAccessReview{Status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}}, nil
	})
	conn.Kube = set
	queues := queue.New(conn)
	tasks := task.New(conn, volume.New(conn), queues)
	return New(conn, tasks, campaign.New(conn, tasks, queues), nil), set
}

const sweep = "sweep-2026-11-29-120000"

// labelled is what a Job and its pods have alike.
func labelled(name, kind string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "lab", UID: types.UID(name), Labels: map[string]string{kube.LabelKind: kind, kube.LabelUser: "somebody-else"}}
}

// aRun is the Job of a run of the sweep.
func aRun(name string, change ...func(*batchv1.Job)) *batchv1.Job {
	job := aJob(name, kube.KindRun, change...)
	job.Labels[kube.LabelCampaign] = sweep
	job.Annotations = map[string]string{kube.AnnotationCampaign: sweep, kube.AnnotationConfig: "a", kube.AnnotationRun: strings.TrimPrefix(name, "run-")}
	return job
}

// ofRun puts a Job into the run of a workflow.
func ofRun(job *batchv1.Job) *batchv1.Job {
	job.Labels[kube.LabelWorkflow] = "abcdefgh"
	return job
}

// aSchedule is the CronJob of the schedule of a workflow.
func aSchedule(name string, suspend bool) *batchv1.CronJob {
	cj := &batchv1.CronJob{ObjectMeta: labelled(kube.ScheduleName(name), kube.KindSchedule), Spec: batchv1.CronJobSpec{Suspend: &suspend}}
	cj.Labels[kube.LabelSchedule], cj.Annotations = name, map[string]string{kube.AnnotationSchedule: name}
	return cj
}

func aJob(name, kind string, change ...func(*batchv1.Job)) *batchv1.Job {
	job := &batchv1.Job{ObjectMeta: labelled(name, kind), Spec: batchv1.JobSpec{Completions: ptr.To[int32](1), Parallelism: ptr.To[int32](1)}}
	for _, c := range change {
		c(job)
	}
	return job
}

func suspended(j *batchv1.Job) { j.Spec.Suspend = ptr.To(true) }

func complete(j *batchv1.Job) {
	j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
}

// ending: its end is decided, and its pods are given the time to save.
func ending(j *batchv1.Job) {
	j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailureTarget, Status: corev1.ConditionTrue}}
}

// podOf is the pod of a Job.
func podOf(job *batchv1.Job, phase corev1.PodPhase) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: *job.ObjectMeta.DeepCopy(), Status: corev1.PodStatus{Phase: phase}}
	pod.Name, pod.UID = job.Name+"-0", job.UID+"-0"
	pod.Labels[batchv1.JobNameLabel] = job.Name
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: "Job", Name: job.Name, UID: job.UID, Controller: ptr.To(true)}}
	return pod
}

func aRecord(change func(*layout.Record)) runtime.Object {
	r := &layout.Record{Version: layout.RecordVersion, ID: sweep, Name: "sweep", User: "somebody-else", Namespace: "lab", Total: 2, Jobs: 2, Runs: 2, Configs: []string{"a"}, ConfigCount: 1}
	change(r)
	return campaignrecord.Object(r)
}

func TestWorkIsSeenWhateverItIsAndInWhateverQueue(t *testing.T) {
	inQueue := func(name string) func(*batchv1.Job) { return func(j *batchv1.Job) { j.Labels[kube.LabelQueue] = name } }
	ended := aRun("run-0", ending)
	lost := podOf(ended, corev1.PodRunning)
	lost.DeletionTimestamp = ptr.To(metav1.NewTime(time.Now().Add(-time.Hour)))
	packed := aRun("job-0")
	packed.Annotations = map[string]string{kube.AnnotationCampaign: sweep, kube.AnnotationRuns: "a/0 a/1 a/2"}
	upload := &corev1.Pod{ObjectMeta: labelled("upload", kube.KindUpload), Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	upload.Labels[kube.LabelCampaign] = sweep
	campaignOf := func(runs int) []api.UnfinishedWork {
		return []api.UnfinishedWork{{Kind: "campaign", Name: sweep, Runs: runs}}
	}
	others := aJob("theirs", "")
	delete(others.Labels, kube.LabelKind)
	for name, tc := range map[string]struct {
		there []runtime.Object
		want  []api.UnfinishedWork
	}{
		"nothing": {},
		"runs in no queue, of whichever user, are one campaign": {[]runtime.Object{aRun("run-0"), aRun("run-1"), podOf(aRun("run-0"), corev1.PodRunning)}, campaignOf(2)},
		"runs in another queue":                                 {[]runtime.Object{aRun("run-0", inQueue("another"))}, campaignOf(1)},
		"runs that wait, or are held":                           {[]runtime.Object{aRun("run-0", inQueue("vast"), suspended), aRun("run-1", complete)}, campaignOf(1)},
		"packed runs":                                           {[]runtime.Object{packed}, campaignOf(3)},
		"the tasks of a workflow and its driver":                {[]runtime.Object{ofRun(aJob("abcdefgh-a-a1", kube.KindTask)), ofRun(aJob("vast-run-abcdefgh-driver", kube.KindDriver))}, []api.UnfinishedWork{{Kind: "workflow run", Name: "abcdefgh"}}},
		"a task":                                                {[]runtime.Object{aJob("train-abc", kube.KindTask)}, []api.UnfinishedWork{{Kind: "task", Name: "train-abc"}}},
		"a kind that does not exist yet":                        {[]runtime.Object{aJob("steps-abc", "workflow")}, []api.UnfinishedWork{{Kind: "workflow", Name: "steps-abc"}}},
		"a run that has ended and whose pod saves":              {[]runtime.Object{ended, podOf(ended, corev1.PodRunning)}, []api.UnfinishedWork{{Kind: "campaign", Name: sweep, Runs: 1, Saving: true}}},
		"a task whose Job is deleted and whose pod saves": {[]runtime.Object{podOf(aJob("train-abc", kube.KindTask), corev1.PodRunning)},
			[]api.UnfinishedWork{{Kind: "task", Name: "train-abc", Saving: true}}},
		"runs of which some go on and others save":          {[]runtime.Object{ended, podOf(ended, corev1.PodRunning), aRun("run-1")}, campaignOf(2)},
		"a pod without a Job brings a campaign's inputs":    {[]runtime.Object{upload}, campaignOf(0)},
		"a campaign that is just being submitted":           {[]runtime.Object{aRecord(func(*layout.Record) {})}, []api.UnfinishedWork{{Kind: "campaign", Name: sweep, Submitting: true}}},
		"a campaign of which half the Jobs are there":       {[]runtime.Object{aRecord(func(*layout.Record) {}), aRun("run-0")}, []api.UnfinishedWork{{Kind: "campaign", Name: sweep, Runs: 1, Submitting: true}}},
		"a prepared campaign, whose Jobs were applied":      {[]runtime.Object{aRecord(func(*layout.Record) {}), aRun("run-0"), aRun("run-1", complete)}, campaignOf(1)},
		"a campaign that was submitted and has ended":       {[]runtime.Object{aRecord(func(r *layout.Record) { r.Complete = true }), aRun("run-0", complete)}, nil},
		"a campaign that was stopped while it was made":     {[]runtime.Object{aRecord(func(r *layout.Record) { r.Stopped = true })}, nil},
		"a schedule of a workflow, and not a suspended one": {[]runtime.Object{aSchedule("nightly", false), aSchedule("weekly", true)}, []api.UnfinishedWork{{Kind: "schedule", Name: "nightly"}}},
		"a pod on a node that is lost is given up":          {[]runtime.Object{ended, lost}, nil},
		"a pod that has ended, and others' Jobs and pods":   {[]runtime.Object{ended, podOf(ended, corev1.PodFailed), others, podOf(others, corev1.PodRunning)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := namespaceOf(t, tc.there...)
			w, err := c.unfinished(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, w.items()); diff != "" {
				t.Errorf("work (-want +got):\n%s", diff)
			}
		})
	}
}

// Whoever adds a kind says here what it is; a Job or pod of it is then seen by
// the label alone. What has a record whose maker makes Jobs has to be stopped by
// it, as campaigns are, or its Jobs come again.
func TestEveryKindIsKnownToTheCleanup(t *testing.T) {
	known := map[string]string{
		"KindTask": "a Job", "KindRun": "a Job of a campaign", "KindUpload": "a Job or pod of a campaign",
		"KindCampaign": "a record, see campaign.Unsubmitted and stopCampaigns",
		"KindDriver":   "a Job, and a Lease of a run: see stopRuns and hasTime", "KindWorkflow": "the state of a run, see stopRuns",
		"KindCallback":     "a Job of a run, as its driver",
		"KindWorkflowPart": "no work: ConfigMaps and Secrets of a run",
		"KindApproval":     "no work: a ConfigMap of a run", "KindGroup": "no work: a Lease, which the run that holds it owns",
		"KindSchedule": "a CronJob, and its Jobs: see activeSchedules", "KindTemplate": "no work: a ConfigMap of a schedule",
		"KindShare":  "a Job, which sends what the store has",
		"KindVolume": "no work: a claim", "KindProgress": "no work: a Lease",
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../../../internal/kube/labels.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Kind") {
			kinds = append(kinds, spec.Names[0].Name)
		}
		return true
	})
	for _, kind := range kinds {
		if known[kind] == "" {
			t.Errorf("kube.%s is new: decide what a cleanup does with it", kind)
		}
	}
	if len(kinds) != len(known) {
		t.Errorf("kinds are %v, known are %d", kinds, len(known))
	}
}

func TestWorkIsStoppedAndSavedBeforeAnythingIsRemoved(t *testing.T) {
	ofSweep, taskJob, steps := aRun("run-0"), aJob("train-abc", kube.KindTask, suspended), aJob("steps-abc", "workflow")
	byHand := &corev1.Pod{ObjectMeta: labelled("upload", kube.KindUpload), Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	// These Jobs were applied without their record.
	noRecord := aRun("other-0")
	noRecord.Annotations[kube.AnnotationCampaign], noRecord.Labels[kube.LabelCampaign] = "other-2026-11-29-120000", "other-2026-11-29-120000"
	c, set := namespaceOf(t, aRecord(func(r *layout.Record) { r.Total = 5 }), ofSweep, podOf(ofSweep, corev1.PodRunning), taskJob, steps, byHand, noRecord, aSchedule("nightly", false))
	pods := corev1.SchemeGroupVersion.WithResource("pods")
	var notices []string
	r, ctx, cancel := newRun(t.Context(), func(n api.Notice) {
		notices = append(notices, n.Message)
		if strings.HasSuffix(n.Message, ": campaign "+sweep+" (1 run, saving)") {
			// It has reported that it saves; now it has saved.
			if err := set.Tracker().Delete(pods, "lab", "run-0-0"); err != nil {
				t.Error(err)
			}
		}
	}, time.Minute)
	defer cancel()
	if err := c.stopWork(ctx, r); err != nil {
		t.Fatalf("%v; notices: %s", err, strings.Join(notices, "\n"))
	}
	left, err := c.livePods(ctx)
	if err != nil || len(left) > 0 {
		t.Errorf("%d pods are left, %v", len(left), err)
	}
	jobs, err := set.BatchV1().Jobs("lab").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs.Items {
		stopped := ptr.Deref(job.Spec.ActiveDeadlineSeconds, 0) + int64(1-*job.Spec.Completions)
		if job.Annotations[kube.AnnotationStoppedBy] != "admin" || stopped != 1 {
			t.Errorf("%s was not stopped: %v %+v", job.Name, job.Annotations, job.Spec)
		}
	}
	if schedule, err := set.BatchV1().CronJobs("lab").Get(ctx, kube.ScheduleName("nightly"), metav1.GetOptions{}); err != nil || !*schedule.Spec.Suspend {
		t.Errorf("the schedule was not suspended: %v, %v", schedule, err)
	}
	record, err := set.CoreV1().ConfigMaps("lab").Get(ctx, campaignrecord.ObjectName(sweep), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := campaignrecord.FromObject(record); err != nil || !r.Stopped || r.StoppedBy != "admin" {
		t.Errorf("the campaign's record is not stopped: %+v, %v", r, err)
	}
	if !slices.ContainsFunc(notices, func(line string) bool { return strings.HasSuffix(line, "(1 run, saving)") }) {
		t.Errorf("what is waited for is not reported: %s", strings.Join(notices, "\n"))
	}
}

func TestAStoreIsNotRemovedFromUnfinishedWork(t *testing.T) {
	builtIn := storeRecord{Kind: api.StoreBuiltIn, Endpoint: "http://vast-store.lab.svc:7070", Bucket: "vast"}
	external := storeRecord{Kind: api.StoreExternal, Endpoint: "https://s3.example.com", Secret: "mine", Bucket: "lab"}
	change := func(s storeRecord, f func(*storeRecord)) storeRecord { f(&s); return s }
	for name, tc := range map[string]struct {
		old, other storeRecord
		work       []runtime.Object
		refused    bool
	}{
		"none in the place of the built-in one":           {builtIn, storeRecord{Kind: api.StoreNone}, []runtime.Object{aRun("run-0")}, true},
		"an external one in its place":                    {builtIn, external, []runtime.Object{aRun("run-0")}, true},
		"another bucket":                                  {external, change(external, func(s *storeRecord) { s.Bucket = "new" }), []runtime.Object{aRun("run-0")}, true},
		"another one, and nothing is unfinished":          {builtIn, external, nil, false},
		"new credentials, or another image":               {external, change(external, func(s *storeRecord) { s.Secret = "new" }), []runtime.Object{aRun("run-0")}, false},
		"the first one of all":                            {storeRecord{Kind: api.StoreNone}, builtIn, []runtime.Object{aRun("run-0")}, false},
		"the same once more, as every setup says it":      {builtIn, builtIn, []runtime.Object{aRun("run-0")}, false},
		"one in the place of none that was ever recorded": {storeRecord{}, builtIn, []runtime.Object{aRun("run-0")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := namespaceOf(t, tc.work...)
			err := c.checkWork(context.Background(), &plan{record: record{Store: tc.other}}, &observed{record: &record{Store: tc.old}})
			if refused := isConflict(err) && strings.Contains(err.Error(), "campaign "+sweep+" (1 run)"); refused != tc.refused || !refused && err != nil {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func isConflict(err error) bool {
	_, ok := err.(*api.ConflictError)
	return ok
}

func TestADriverHasTimeToRecordTheEndOfItsRun(t *testing.T) {
	state := &corev1.ConfigMap{ObjectMeta: labelled("vast-run-abcdefgh", kube.KindWorkflow)}
	state.Labels[kube.LabelWorkflow] = "abcdefgh"
	state.Annotations = map[string]string{kube.AnnotationParts: "1"}
	taskJob, driver := ofRun(aJob("abcdefgh-a-a1", kube.KindTask)), ofRun(aJob("vast-run-abcdefgh-driver", kube.KindDriver))
	c, set := namespaceOf(t, state, taskJob, driver)
	s := &stopping{c: c, r: &run{notify: func(api.Notice) {}}, stopped: sets.New[string](), alone: map[unit]int{}}
	stopped := func(name string) bool {
		job, err := set.BatchV1().Jobs("lab").Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return job.Annotations[kube.AnnotationStoppedBy] != ""
	}
	for look := range driverLooks + 3 {
		if _, err := s.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if stopped(taskJob.Name) != (look >= 1) {
			t.Errorf("look %d: the task is stopped: %v", look, look < 1)
		}
		if look == 1 { // no controller ends it
			job, err := set.BatchV1().Jobs("lab").Get(t.Context(), taskJob.Name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			complete(job)
			if _, err := set.BatchV1().Jobs("lab").UpdateStatus(t.Context(), job, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if want := look > driverLooks+1; stopped(driver.Name) != want {
			t.Errorf("look %d: the driver is stopped: %v", look, !want)
		}
	}
	cm, err := set.CoreV1().ConfigMaps("lab").Get(t.Context(), state.Name, metav1.GetOptions{})
	if err != nil || cm.Annotations[kube.AnnotationStop] != "admin" {
		t.Errorf("the driver does not know of the stop: %v, %v", cm.Annotations, err)
	}
}
