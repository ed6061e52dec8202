package plan

import (
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

const (
	CarriedVolume = "vast-inputs"
	CarriedDir    = "/vast/inputs"
	CarriedPack   = "pack"
)

// ForApply removes "suspend: true" from the Jobs of a queue. Kueue sets it
// itself when a Job is created, and clears it on admission; with it in the
// file, a second apply would suspend a running Job and end its pod.
func (p *Plan) ForApply() error {
	return p.ChangeJobs(func(job *batchv1.Job) {
		if job.Labels[kube.LabelQueue] != "" {
			job.Spec.Suspend = nil
		}
	})
}

// takePackFrom changes the template of the Jobs: the pack comes from a ConfigMap
// instead of the store.
func (p *Plan) FetchPackFrom(configMap string) error {
	t := p.template
	t.fetch.Items[0] = agentspec.Item{PackFile: CarriedDir + "/" + CarriedPack, To: t.fetch.Items[0].To}
	return t.change(func(job *batchv1.Job) {
		pod := &job.Spec.Template.Spec
		pod.Volumes = append(pod.Volumes, corev1.Volume{Name: CarriedVolume, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: configMap}, Items: []corev1.KeyToPath{{Key: CarriedPack, Path: CarriedPack}}}}})
		fetch := &pod.InitContainers[t.fetchAt]
		fetch.VolumeMounts = append(fetch.VolumeMounts, corev1.VolumeMount{Name: CarriedVolume, MountPath: CarriedDir, ReadOnly: true})
	})
}

// Requests is the sum of the requests of the user's containers of one Job.
func (p *Plan) Requests() string {
	pod := &p.template.job.Spec.Template.Spec
	var parts []string
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, gpuResource} {
		total, asked := pod.Containers[0].Resources.Requests[name]
		for _, c := range pod.InitContainers {
			if q, ok := c.Resources.Requests[name]; ok && !kube.IsOurs(c.Name) {
				total.Add(q)
				asked = true
			}
		}
		if asked {
			parts = append(parts, fmt.Sprintf("%s %s", total.String(), name))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// ChangeJobs changes the Job that all Jobs of the plan are copies of, and leaves
// alone those that were made before.
func (p *Plan) ChangeJobs(f func(*batchv1.Job)) error { return p.template.change(f) }
