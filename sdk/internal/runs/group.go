package runs

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/driver"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// rejects reports whether the run is not created while another one of its group has not ended.
func (s *submission) rejects() bool { return s.new.Policy == record.PolicyReject }

// checkGroup returns a ConflictError if the run has the policy reject and another run of its
// group has not ended.
func (s *submission) checkGroup(ctx context.Context) error {
	if !s.rejects() || s.earlier != nil {
		return nil
	}
	selector := labels.Set{kube.LabelKind: kube.KindWorkflow, kube.LabelGroup: kube.LabelValue(s.new.Group)}
	var other *record.Run
	err := s.c.each(ctx, s.c.conn.Namespace, selector.String(), func(m metav1.ObjectMeta) error {
		if run, err := record.FromMeta(m); err == nil && run.Group == s.new.Group && !fromRecord(run).Ended() {
			other = run
		}
		return nil
	})
	if err != nil || other == nil {
		return err
	}
	return s.rejected(other)
}

func (s *submission) rejected(other *record.Run) error {
	return &api.ConflictError{Message: fmt.Sprintf("run %s of the group %q has not ended, and the policy of %s is reject", other.ID, s.new.Group, cmp.Or(s.workflow.Path, s.workflow.Name)),
		Remedies: []api.Remedy{{Action: WorkflowsGet, Ref: other.ID, Purpose: "look at it"}, {Action: WorkflowsStop, Ref: other.ID, Purpose: "stop it"}}}
}

// enterGroup makes a run with the policy reject the one of its group, before anything else of
// it is created. If another run is quicker, the ConfigMap is deleted again.
func (s *submission) enterGroup(ctx context.Context, made *corev1.ConfigMap) error {
	if !s.rejects() || !s.options.DryRun.Keeps() {
		return nil
	}
	server, err := s.c.server()
	if err != nil {
		return err
	}
	run, err := record.FromObject(made)
	if err != nil {
		return err
	}
	e, err := driver.Enter(ctx, server, run)
	switch {
	case err != nil:
		return s.c.interrupted(run.ID, s.c.classify(err), s.options)
	case e.Entered:
		return nil
	}
	err = s.c.conn.Kube.CoreV1().ConfigMaps(run.Namespace).Delete(ctx, run.Name, access.Exactly(run.UID, metav1.DeleteOptions{}))
	if err != nil && !apierrors.IsNotFound(err) {
		return s.c.interrupted(run.ID, s.c.conn.Classify(err, "delete", configMaps), s.options)
	}
	if len(e.Unfinished) > 0 {
		return s.rejected(e.Unfinished[0])
	}
	return &api.ConflictError{Message: fmt.Sprintf("another run of the group %q was submitted at the same time, and the policy of %s is reject", s.new.Group, s.workflow.Path)}
}

// submitter returns the caller's name at the API server. A workflow with a task that the
// submitter may not approve cannot be submitted where the API server does not return it.
func (s *submission) submitter(ctx context.Context) (string, error) {
	id, err := s.c.conn.Identity(ctx)
	if err != nil || id.ClusterUser != "" {
		return id.ClusterUser, err
	}
	for _, t := range s.workflow.Tasks {
		if a := t.Graph.Approval; a != nil && !a.AllowSelf {
			return "", errNoIdentity(t.Graph)
		}
	}
	return "", nil
}

func errNoIdentity(t workflow.Task) error {
	return &api.NotSupportedError{Message: fmt.Sprintf("task %q requires approval, and the API server does not return who a user is (SelfSubjectReview)", t.Name)}
}
