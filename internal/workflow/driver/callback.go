package driver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/event"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// callbackBatch is how many events one Job executes the script for.
	callbackBatch = 100
	// callbackTime limits a Job, so that a script that hangs does not keep the others from
	// their turn for ever, and callbackTries is how many pods it may have: a node can be lost.
	callbackTime  = 600
	callbackTries = 2
	callbackTTL   = 600
	// maxScript is the length of the commands of a Job, of the 128 KiB that Linux allows an
	// argument, and maxValue that of a variable among them.
	maxScript = 64 << 10
	maxValue  = 4 << 10
)

// callbacks executes the event_callback of tasks, as SkyPilot does: in a pod with the image,
// the variables and the placement of the task, one Job at a time, for all events that wait and
// have the same script. The Jobs' names contain the sequence number of the first event, so that
// a driver that follows another one finds the Job.
type callbacks struct {
	*cluster
	run  *record.Run
	log  func(format string, args ...any)
	warn func(ctx context.Context, reason, message string)

	// spec is a reader of its own.
	spec *record.Reader

	mu sync.Mutex
	// over are the Jobs that have ended, by name: whether they succeeded.
	over    map[string]bool
	changed chan struct{}
}

// callbacks returns the sink of the callbacks. The mirror of their Jobs runs in the background.
func (n *notifier) callbacks(spec *record.Reader) *sink {
	c := &callbacks{cluster: n.cluster, run: n.run, log: n.log, warn: n.emitter.warn, spec: ptr.To(*spec), over: map[string]bool{}, changed: make(chan struct{}, 1)}
	nothing := func() {}
	m := &mirror{cluster: n.cluster, path: n.cluster.jobs(), log: n.log, begin: nothing, end: nothing,
		query: url.Values{"labelSelector": {kube.LabelWorkflow + "=" + n.run.ID + "," + kube.LabelKind + "=" + kube.KindCallback}},
		put:   decoded(c.put), gone: decoded(c.gone)}
	n.mirrors = append(n.mirrors, m)
	return &sink{batch: callbackBatch, deliver: c.execute}
}

func (c *callbacks) put(job *batchv1.Job) {
	if diagnose.Over(job) {
		c.end(job.Name, diagnose.Succeeded(job))
	}
}

// gone: a Job that was deleted does not continue.
func (c *callbacks) gone(job *batchv1.Job) { c.end(job.Name, diagnose.Succeeded(job)) }

func (c *callbacks) end(name string, succeeded bool) {
	c.mu.Lock()
	c.over[name] = succeeded
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// execute executes the script for the first events, and returns how many it was.
func (c *callbacks) execute(ctx context.Context, events []*api.WorkflowEvent) (int, error) {
	n := 0
	var job *batchv1.Job
	var script strings.Builder
	for ; n < len(events); n++ {
		o, err := c.objects(events[n])
		if err != nil {
			return 0, err
		}
		if o == nil {
			continue
		}
		next, env := callbackJob(c.run, o, events[n])
		if job == nil {
			job = next
		} else if !samePod(job, next) {
			break
		}
		commands, err := c.commands(env, events[n])
		if err != nil {
			return 0, err
		}
		if script.Len() > 0 && script.Len()+len(commands) > maxScript {
			break
		}
		script.WriteString(commands)
	}
	if job == nil {
		return n, nil
	}
	last := events[n-1].Data.Sequence
	job.Annotations[kube.AnnotationCallback] = strconv.FormatInt(last, 10)
	job.Spec.Template.Spec.Containers[0].Args[0] = literal(script.String())
	made, err := c.createJob(ctx, job)
	if apiserver.IsExisting(err) { // of a driver before, which may have had other events
		if made, err = c.job(ctx, job.Name); err == nil && !c.run.IsOwned(made) {
			err = fmt.Errorf("%w: Job %q", errConflict, job.Name)
		}
	}
	if refusal(err) != "" || apiserver.Is(err, http.StatusForbidden) { // nor will it be later
		return 0, event.Refused(err)
	}
	if err != nil {
		return 0, err
	}
	if covered, err := strconv.ParseInt(made.Annotations[kube.AnnotationCallback], 10, 64); err == nil {
		last = covered
	}
	c.put(made)
	if err := c.wait(ctx, job.Name); err != nil {
		return 0, err
	}
	n = 0
	for n < len(events) && events[n].Data.Sequence <= last {
		n++
	}
	return n, nil
}

// wait waits until a Job has ended.
func (c *callbacks) wait(ctx context.Context, name string) error {
	for {
		c.mu.Lock()
		succeeded, over := c.over[name]
		delete(c.over, name)
		c.mu.Unlock()
		if over {
			if !succeeded {
				text := fmt.Sprintf("event_callback: Job %s was not completed", name)
				c.log("%s", text)
				c.warn(ctx, "CallbackFailed", text)
			}
			return nil
		}
		if err := sleep(ctx, 0, c.changed); err != nil {
			return err
		}
	}
}

// objects returns those of the task of an event; nil if the event is of no callback.
func (c *callbacks) objects(e *api.WorkflowEvent) (*record.Objects, error) {
	if skyStatus(e) == "" || c.spec.Index(e.Data.Task) < 0 {
		return nil, nil
	}
	o, err := c.spec.Attempt(c.run, e.Data.Task, max(e.Data.Attempt, 1))
	if err != nil || o.Callback == "" || o.Job == nil {
		return nil, err
	}
	return o, nil
}

// skyStatus is SkyPilot's name of a change of a task; empty for one that SkyPilot has not.
func skyStatus(e *api.WorkflowEvent) string {
	d := &e.Data
	switch d.Status {
	case workflow.StatusNotStarted.String():
		switch {
		case d.Scheduled && d.Attempt > 1:
			return "RECOVERING"
		case d.Scheduled:
			return "STARTING"
		}
		return ""
	case workflow.StatusRunning.String():
		if d.Attempt > 1 {
			return "RECOVERED"
		}
		return "STARTED"
	case workflow.StatusSuccess.String():
		return "SUCCEEDED"
	case workflow.StatusFailed.String():
		return "FAILED"
	case workflow.StatusStopped.String(), workflow.StatusCancelled.String():
		return "CANCELLED"
	}
	return ""
}

// commands returns those that execute the script for an event.
func (c *callbacks) commands(env []corev1.EnvVar, e *api.WorkflowEvent) (string, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	d := &e.Data
	var b strings.Builder
	b.WriteString("(\n")
	for _, v := range env {
		fmt.Fprintf(&b, "export %s=%s\n", v.Name, quoted(strings.ReplaceAll(v.Value, "$$", "$")))
	}
	for _, v := range [][2]string{
		{"JOB_STATUS", skyStatus(e)}, {"JOB_ID", d.Run}, {"TASK_ID", strconv.Itoa(c.spec.Index(d.Task))}, {"TASK_NAME", d.Task},
		{"CLUSTER_NAME", d.Job}, {"EVENT_TYPE", "Spot"}, {"VAST_EVENT", string(text)},
	} {
		fmt.Fprintf(&b, "export %s=%s\n", v[0], quoted(v[1]))
	}
	b.WriteString("export SKYPILOT_TASK_ID=\"${SKYPILOT_TASK_ID:-N.A.}\" SKYPILOT_TASK_IDS=\"${SKYPILOT_TASK_IDS:-N.A.}\"\n")
	fmt.Fprintf(&b, "echo %s\n", quoted(fmt.Sprintf("event %d: task %s: %s", d.Sequence, d.Task, skyStatus(e))))
	b.WriteString("exec \"$_vast_sh\" -c \"$1\" ) || echo \"the event_callback ended with exit code $?\"\n")
	return b.String(), nil
}

// plain reports a variable that the commands can set: its value is written out, and its name is
// one of the shell.
func plain(v corev1.EnvVar) bool {
	return v.ValueFrom == nil && shellName.MatchString(v.Name) && !slices.Contains(readOnly, v.Name) && !strings.Contains(strings.ReplaceAll(v.Value, "$$", ""), "$(") && len(v.Value) <= maxValue
}

// readOnly are variables that a shell does not let be set.
var readOnly = []string{"UID", "EUID", "PPID", "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO"}

var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// quoted returns a text as one word of the shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// literal escapes a text for the kubelet, which expands $(NAME).
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// findShell executes the commands, its $0, by the shell that SkyPilot's callbacks are for.
const findShell = "_vast_sh=sh; command -v bash >/dev/null 2>&1 && _vast_sh=bash\neval \"$0\"\n"

// callbackJob returns the Job of an event without the commands, and the variables that those
// set. Its pod has the image, the Secrets among the variables, the security context and the
// placement of the task, and none of its volumes.
func callbackJob(run *record.Run, o *record.Objects, e *api.WorkflowEvent) (*batchv1.Job, []corev1.EnvVar) {
	from := &o.Job.Spec.Template.Spec
	task := &from.Containers[0]
	var env, own []corev1.EnvVar
	for _, v := range task.Env {
		switch {
		case plain(v):
			own = append(own, v)
		case v.ValueFrom == nil || v.ValueFrom.FieldRef == nil && v.ValueFrom.ResourceFieldRef == nil:
			env = append(env, v)
		}
	}
	labels := owned(run, kube.KindCallback)
	return &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: kube.RunCallback(run.ID, e.Data.Sequence), Namespace: run.Namespace, Labels: labels,
			Annotations:     map[string]string{kube.AnnotationUser: run.User, kube.AnnotationWorkflow: run.Workflow},
			OwnerReferences: []metav1.OwnerReference{record.OwnerOf(run.Name, run.UID)}},
		Spec: batchv1.JobSpec{
			BackoffLimit: ptr.To[int32](callbackTries - 1), ActiveDeadlineSeconds: ptr.To[int64](callbackTime), TTLSecondsAfterFinished: ptr.To[int32](callbackTTL),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: ptr.To(false), EnableServiceLinks: ptr.To(false),
					ImagePullSecrets: from.ImagePullSecrets, SecurityContext: from.SecurityContext, NodeSelector: from.NodeSelector,
					Affinity: from.Affinity, Tolerations: from.Tolerations, RuntimeClassName: from.RuntimeClassName,
					Containers: []corev1.Container{{
						Name: "callback", Image: task.Image, ImagePullPolicy: task.ImagePullPolicy, Env: env, EnvFrom: task.EnvFrom,
						Command: []string{"sh", "-c", literal(findShell)}, Args: []string{"", literal(o.Callback)},
						Resources: kube.Unpriced(), SecurityContext: task.SecurityContext,
					}},
				},
			},
		},
	}, own
}

// samePod reports whether two Jobs execute the same script in the same environment.
func samePod(a, b *batchv1.Job) bool {
	x, errX := json.Marshal(a.Spec)
	y, errY := json.Marshal(b.Spec)
	return errX == nil && errY == nil && string(x) == string(y)
}
