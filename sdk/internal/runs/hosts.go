package runs

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/spec"
)

// groupVariable is SkyPilot's variable for the domain of a job group: a node is
// <task>-<rank>.$SKYPILOT_JOBGROUP_NAME.
const groupVariable = "SKYPILOT_JOBGROUP_NAME"

// maxService is the length of a Service's name.
const maxService = 63

// hosts returns the name of the Service of a job group's host names; empty for another
// workflow. The id is part of it, so that two runs of a group in a namespace do not meet.
func (s *submission) hosts() string {
	if s.service != "" || s.workflow.JobGroup == "" {
		return s.service
	}
	return kube.DNSLabel(s.workflow.JobGroup, "group", maxService-1-kube.IDLength) + "-" + s.new.ID
}

// named returns a task with the domain of its run.
func (s *submission) named(t *spec.Task) *spec.Task {
	domain := s.hosts()
	if domain == "" {
		return t
	}
	out := *t
	out.Envs = slices.Clone(t.Envs)
	for i := range out.Envs {
		if out.Envs[i].Name == groupVariable && out.Envs[i].Value == s.workflow.JobGroup {
			out.Envs[i].Value = domain
		}
	}
	return &out
}

// hostService returns the headless Service of a job group, nil for another workflow.
func (s *submission) hostService(owner types.UID) *corev1.Service {
	name := s.hosts()
	if name == "" {
		return nil
	}
	return s.new.HostService(name, owner)
}
