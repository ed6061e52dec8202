package task

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/spec"
)

// TryPod asks the API server whether it would make the pod of a task that asks
// for nothing, as Submit would have it made: with our own containers where the
// namespace keeps results. Nothing is created. It returns why not, in words, or
// nil when it would. Who may not create pods gets *api.ForbiddenError: they are made by
// Kubernetes, and submitting needs no such right.
func (c *Client) TryPod(ctx context.Context, agentImage string) (*api.Diagnosis, error) {
	file, err := spec.Parse("", []byte("run: 'true'\n"), spec.Inputs{})
	if err != nil {
		return nil, fmt.Errorf("make a task to try: %w", err)
	}
	o := api.SubmitOptions{AgentImage: agentImage}
	in := c.input(file.Tasks[0], o, nil, c.conn.OfflineUser())
	if err := c.preflight(ctx, &in); err != nil {
		return nil, err
	}
	kept, err := c.keepingHere(ctx)
	if err != nil {
		return nil, err
	}
	c.keepResults(&in, kept, o)
	objects, err := manifest.Build(in)
	if err != nil {
		return nil, err
	}
	if _, err := c.MeetLimitRanges(ctx, objects.Job); err != nil {
		return nil, err
	}
	template := &objects.Job.Spec.Template
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: template.Spec}
	pod.GenerateName = "vast-doctor-"
	_, err = c.conn.Kube.CoreV1().Pods(c.conn.Namespace).Create(access.Quietly(access.Briefly(ctx)), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &status) && (apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)) && !lacksRight(err):
		return diagnose.Refused(c.conn.Hint(), "a task's pods", status.Status().Message), nil
	}
	return nil, c.conn.Classify(err, "create", "pods")
}

// lacksRight tells a missing right from an admission plug-in's no.
func lacksRight(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), `cannot create resource "pods"`)
}
