package runs

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// pageSize is the number of objects per list request.
const pageSize = 500

// phaseSubmitting is the phase of a run whose submission is not complete.
const phaseSubmitting = "submitting"

// List implements sdk.Workflow. It reads the metadata of the runs' ConfigMaps alone, and a
// page of the history.
func (c *Client) List(ctx context.Context, o api.TaskListOptions) (*api.WorkflowRunList, error) {
	if len(o.States) > 0 {
		return nil, api.Invalid("", "runs have phases and results, not states; select them by the labels %s and %s", kube.LabelPhase, kube.LabelResult)
	}
	namespace, selector, err := c.selection(ctx, kube.KindWorkflow, o)
	if err != nil {
		return nil, err
	}
	past := c.recent(ctx, o, namespace)
	list := &api.WorkflowRunList{TypeMeta: api.TypeMeta[api.WorkflowRunList](), Items: []api.WorkflowRun{}}
	err = c.each(ctx, namespace, selector, func(m metav1.ObjectMeta) error {
		if run, err := record.FromMeta(m); err == nil { // another one is a foreign object with our label
			list.Items = append(list.Items, *fromRecord(run))
		}
		return nil
	})
	here := map[string]bool{}
	for i := range list.Items {
		here[list.Items[i].ID] = true
	}
	for _, run := range <-past {
		if !here[run.ID] {
			list.Items = append(list.Items, run)
		}
	}
	slices.SortStableFunc(list.Items, func(a, b api.WorkflowRun) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return list, err
}

// each calls do with the metadata of each ConfigMap that a selector selects.
func (c *Client) each(ctx context.Context, namespace, selector string, do func(metav1.ObjectMeta) error) error {
	o := metav1.ListOptions{LabelSelector: selector, Limit: pageSize}
	for {
		request := c.conn.Kube.CoreV1().RESTClient().Get().Resource(configMaps).VersionedParams(&o, scheme.ParameterCodec).
			SetHeader("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
		if namespace != "" {
			request = request.Namespace(namespace)
		}
		answer := request.Do(ctx)
		if err := answer.Error(); err != nil { // unlike that of Raw it has the API server's reason
			return c.conn.Classify(err, "list", configMaps)
		}
		data, err := answer.Raw()
		if err != nil {
			return c.conn.Classify(err, "list", configMaps)
		}
		var page metav1.PartialObjectMetadataList
		if err := json.Unmarshal(data, &page); err != nil {
			return err
		}
		for i := range page.Items {
			if err := do(page.Items[i].ObjectMeta); err != nil {
				return err
			}
		}
		if o.Continue = page.Continue; o.Continue == "" {
			return nil
		}
	}
}

// Get implements sdk.Workflow.
func (c *Client) Get(ctx context.Context, ref string) (*api.WorkflowRun, error) {
	id, err := c.resolve(ctx, ref, false)
	if err != nil {
		return nil, err
	}
	get, err := c.Follow(ctx, id)
	if err != nil {
		return nil, err
	}
	out, err := get(ctx)
	if err != nil {
		return nil, err
	}
	c.addArchitectures(ctx, out)
	c.countRuns(ctx, out)
	return out, nil
}

// addArchitectures sets the architectures of the nodes that tasks of a run execute on.
func (c *Client) addArchitectures(ctx context.Context, run *api.WorkflowRun) {
	if !slices.ContainsFunc(run.Tasks, func(t api.WorkflowTask) bool { return t.Job != "" }) {
		return
	}
	arch := c.tasks.Architectures(ctx, run.ID)
	for i := range run.Tasks {
		if t := &run.Tasks[i]; arch[t.Job] != "" {
			t.Arch = arch[t.Job]
		}
	}
}

// Follow returns a function that reads the run that ref names. The graph, which never
// changes, is read once.
func (c *Client) Follow(ctx context.Context, ref string) (func(context.Context) (*api.WorkflowRun, error), error) {
	id, err := c.resolve(ctx, ref, false)
	if err != nil {
		return nil, err
	}
	var spec *record.Spec
	return func(ctx context.Context) (*api.WorkflowRun, error) {
		run, err := c.read(ctx, id)
		if err != nil {
			return nil, err
		}
		out := fromRecord(run)
		if run.Parts == 0 { // it is incomplete, or its setup failed
			return out, nil
		}
		if spec == nil {
			if spec, err = c.header(ctx, run); err != nil {
				return nil, err
			}
		}
		fill(out, run, spec)
		return out, nil
	}, nil
}

// read reads a run with its state. If it is not in the cluster, it is that of the history.
func (c *Client) read(ctx context.Context, id string) (*record.Run, error) {
	cm, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Get(ctx, kube.RunName(id), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return c.past(ctx, id)
	}
	if err != nil {
		return nil, c.conn.Classify(err, "get", configMaps)
	}
	return record.FromObject(cm)
}

// header reads the specification of a run without the objects of its tasks.
func (c *Client) header(ctx context.Context, run *record.Run) (*record.Spec, error) {
	if run.Past {
		return inHistory(ctx, c, func(log *history.Log) (*record.Spec, error) { return log.Header(ctx, run.ID) })
	}
	var header record.Header
	for i := 0; i < run.Parts && !header.Complete(); i++ {
		cm, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Get(ctx, kube.RunPart(run.ID, i), metav1.GetOptions{})
		if err != nil {
			return nil, c.conn.Classify(err, "get", configMaps)
		}
		part, err := run.PartOf(cm)
		if err != nil {
			return nil, err
		}
		header.Add(part)
	}
	return header.Spec()
}

// fromRecord returns what the metadata of a run's ConfigMap shows.
func fromRecord(r *record.Run) *api.WorkflowRun {
	s := record.SummaryOf(r.Object)
	out := &api.WorkflowRun{TypeMeta: api.TypeMeta[api.WorkflowRun](), ObjectMeta: r.Object, Expired: r.Past, ID: r.ID, WorkflowName: r.Workflow, User: r.User,
		Phase: r.Object.Labels[kube.LabelPhase], Result: r.Object.Labels[kube.LabelResult], StartTime: unix(s.Started), EndTime: unix(s.Ended),
		StoppedBy: r.StopBy, RerunOf: r.Object.Annotations[kube.AnnotationRerunOf], Schedule: r.Schedule, NumTasks: s.Tasks, Succeeded: s.Success, Failed: s.Failed, Running: s.Running, Waiting: s.Waiting, Omitted: s.Others}
	out.Driver, _, _ = strings.Cut(r.Driver, " ")
	switch {
	case out.Phase == workflow.PhaseSetupError.String():
		out.Reason = r.Object.Annotations[kube.AnnotationReason]
		out.Problems = problemsOf(r)
	case r.Parts == 0:
		out.Phase, out.Reason = phaseSubmitting, "is being submitted"
		if time.Since(r.Object.CreationTimestamp.Time) > submissionTime {
			out.Reason = "its submission was not completed; submit it again with the same request id, or delete it"
		}
	case s.Waiting > 0 && out.EndTime == nil:
		out.Reason = "waits for approval"
	case r.StopBy != "":
		out.Reason = "stopped by " + r.StopBy
	case out.Phase == workflow.PhaseQueued.String() && r.Driver != "":
		out.Reason = "waits for its group"
	case out.Phase == workflow.PhaseQueued.String() && time.Since(r.Object.CreationTimestamp.Time) > submissionTime:
		out.Reason = "no driver has begun with it"
	}
	return out
}

// submissionTime is after how long a submission counts as interrupted.
const submissionTime = time.Minute

// fill adds the tasks.
func fill(out *api.WorkflowRun, r *record.Run, spec *record.Spec) {
	g := &spec.Workflow
	out.Tasks = make([]api.WorkflowTask, len(g.Tasks))
	for i, t := range g.Tasks {
		s := r.State.Tasks[t.Name]
		one := api.WorkflowTask{Name: t.Name, Status: s.Status.String(), Attempt: s.Attempt, Scheduled: s.Scheduled, WaitingApproval: s.WaitingApproval,
			Approved: s.Approved, TimedOut: s.TimedOut, Cause: s.Cause, Kept: s.Kept, Arch: s.Arch, StartTime: unix(s.Started), EndTime: unix(s.Ended)}
		switch {
		case s.Attempt > 0 && spec.Campaigns[t.Name] != nil:
			one.Campaign = spec.StoredID(r, t.Name)
		case s.Attempt > 0:
			one.TaskID, one.Job = r.TaskID(t.Name), kube.StepName(cmp.Or(s.Kept, r.ID), t.Name, s.Attempt)
		}
		for _, d := range t.Depends {
			one.Depends = append(one.Depends, d.Task)
		}
		one.Reason = reasonOf(&s)
		out.Tasks[i] = one
	}
}

// reasonOf is the state of a task in words, where its status does not say all.
func reasonOf(s *workflow.TaskState) string {
	switch {
	case s.TimedOut:
		return "ran longer than its timeout"
	case s.Cause != "" && s.Status == workflow.StatusFailed:
		return s.Cause
	case s.Cause != "":
		return "the attempt before failed: " + s.Cause
	case s.WaitingApproval:
		return "waits for approval"
	case s.Stopping && !s.Status.Final():
		return "is being stopped"
	case s.Unsaved:
		return "its results are being saved"
	case s.Kept != "":
		return "kept from run " + s.Kept
	}
	return ""
}

func unix(seconds int64) *metav1.Time {
	if seconds == 0 {
		return nil
	}
	t := metav1.Unix(seconds, 0)
	return &t
}

// resolve returns the id of the run that ref names: by its id, by the name of the workflow,
// by a prefix of one of these, or by @latest.
func (c *Client) resolve(ctx context.Context, text string, changes bool) (string, error) {
	ref, err := kube.ParseRef(text, kube.RefRun)
	if err != nil {
		return "", err
	}
	name := strings.TrimPrefix(ref.Name, kube.RunName(""))
	if name == "" {
		err := api.Invalid("", "no run named; give its id")
		err.Problems[0].Remedies = []api.Remedy{{Action: WorkflowsList}}
		return "", err
	}
	if kube.IsTaskID(name) {
		if _, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Get(ctx, kube.RunName(name), metav1.GetOptions{}); err == nil {
			return name, nil
		} else if !apierrors.IsNotFound(err) {
			return "", c.conn.Classify(err, "get", configMaps)
		}
		if _, err := c.past(ctx, name); err == nil {
			return name, nil
		} else if !api.IsNotFound(err) {
			return "", err
		}
	}
	list, err := c.List(ctx, api.TaskListOptions{AllUsers: name != kube.Latest})
	if err != nil {
		return "", err
	}
	if name == kube.Latest {
		if n := len(list.Items); n > 0 {
			return list.Items[n-1].ID, nil
		}
		return "", c.notFound(text)
	}
	user, err := c.user(ctx)
	if err != nil {
		return "", err
	}
	all := make([]kube.Candidate, len(list.Items))
	for i, r := range list.Items {
		all[i] = kube.Candidate{ID: r.ID, Display: r.ID + " (" + r.WorkflowName + ")"}
		if r.User == user {
			all[i].Names = []string{r.WorkflowName}
		}
	}
	i, err := kube.Choose(name, "runs", changes, all)
	if err != nil {
		return "", err
	}
	if i < 0 {
		return "", c.notFound(text)
	}
	return list.Items[i].ID, nil
}
