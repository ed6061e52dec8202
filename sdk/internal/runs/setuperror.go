package runs

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// unnamed is the name of a workflow whose file has none that can be read.
const unnamed = "setup-error"

// eventReason is that of the Event about a run whose setup failed.
const eventReason = "SetupError"

// failed returns the error of a submission. With Record, problems of the workflow are recorded
// as a run of phase setuperror, which is returned, too.
func (s *submission) failed(ctx context.Context, err error) (*api.WorkflowRun, error) {
	if !s.options.Record || !api.IsInvalidSpec(err) {
		return nil, err
	}
	run, recordErr := s.c.record(ctx, s.workflow.Name, err, s.options)
	if recordErr != nil {
		return nil, errors.Join(err, recordErr)
	}
	return run, err
}

// nameLine is the line of a file with its name.
var nameLine = regexp.MustCompile(`(?m)^name[ \t]*:[ \t]*["']?([A-Za-z0-9][A-Za-z0-9._-]{0,99})["']?[ \t\r]*(?:#.*)?$`)

// Record implements sdk.Workflow.
func (c *Client) Record(ctx context.Context, file []byte, problems error, o api.SubmitOptions) (*api.WorkflowRun, error) {
	name := ""
	if found := nameLine.FindSubmatch(file); found != nil {
		name = string(found[1])
	}
	return c.record(ctx, name, problems, o)
}

func (c *Client) record(ctx context.Context, name string, problems error, o api.SubmitOptions) (*api.WorkflowRun, error) {
	var invalid *api.InvalidSpecError
	if !errors.As(problems, &invalid) || len(invalid.Problems) == 0 {
		return nil, api.Invalid("", "only the problems of a file can be recorded")
	}
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if err := c.rights.Require(ctx, authz.Each(configMaps, "get", "create")...); err != nil {
		return nil, err
	}
	user, err := c.user(ctx)
	if err != nil {
		return nil, err
	}
	creator, err := c.conn.Creator(ctx)
	if err != nil {
		return nil, err
	}
	n := record.New{ID: kube.NewRunID(), Namespace: c.conn.Namespace, Workflow: cmp.Or(name, unnamed), User: user, Creator: creator,
		Identity: kube.Hash(invalid.Error())}
	if o.RequestID != "" { // the request itself stays free for the file without the problems
		n.ID = kube.DerivedRunID("setuperror", user, creator, o.RequestID, n.Identity)
	}
	cm, err := n.SetupError(invalid.Problems, time.Now())
	if err != nil {
		return nil, err
	}
	if !o.DryRun.Sends() {
		run, err := record.FromObject(cm)
		if err != nil {
			return nil, err
		}
		return fromRecord(run), nil
	}
	maps := c.conn.Kube.CoreV1().ConfigMaps(n.Namespace)
	made, err := maps.Create(ctx, cm, metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
	unchanged := apierrors.IsAlreadyExists(err) && o.DryRun.Keeps()
	if unchanged {
		made, err = maps.Get(ctx, cm.Name, metav1.GetOptions{})
	}
	if err != nil {
		return nil, c.conn.Classify(err, "create", configMaps)
	}
	run, err := record.FromObject(made)
	if err != nil {
		return nil, err
	}
	if !unchanged && o.DryRun.Keeps() {
		c.emit(ctx, run)
		if server, err := c.server(); err == nil {
			c.keep(ctx, server, run.ID)
		}
	}
	out := fromRecord(run)
	out.Unchanged = unchanged
	return out, nil
}

// emit creates an Event about a run whose setup failed. It is of no consequence if the caller
// may not create Events.
func (c *Client) emit(ctx context.Context, run *record.Run) {
	now := metav1.Now()
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: run.Name + ".", Namespace: run.Namespace},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Name: run.Name, Namespace: run.Namespace, UID: run.UID},
		Type:           corev1.EventTypeWarning, Reason: eventReason, Message: run.Object.Annotations[kube.AnnotationReason],
		FirstTimestamp: now, LastTimestamp: now, Count: 1, Source: corev1.EventSource{Component: kube.ManagedBy},
	}
	_, _ = c.conn.Kube.CoreV1().Events(run.Namespace).Create(ctx, event, metav1.CreateOptions{}) // optional
}

// problemsOf returns the problems of a run whose setup failed. A list does not read them.
func problemsOf(r *record.Run) []string {
	var out []string
	for _, p := range r.Problems {
		out = append(out, p.String())
	}
	return out
}
