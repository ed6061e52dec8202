package manifest

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// literal escapes a text for the kubelet, which expands $(NAME) in commands, arguments
// and environment values, and replaces $$ by $.
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// env returns the variables of the container, without those that the launcher sets
// (NODE_IPS). The user's variables come first, so that ours override them.
func (b *builder) env() []corev1.EnvVar {
	var out []corev1.EnvVar
	set := map[string]bool{}
	for _, e := range b.task.Envs {
		out, set[e.Name] = append(out, corev1.EnvVar{Name: e.Name, Value: literal(e.Value)}), true
	}
	for _, s := range b.task.Secrets {
		set[s.Name] = true
		out = append(out, corev1.EnvVar{Name: s.Name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: cmp.Or(b.in.SecretName, b.name)}, Key: s.Name}}})
	}
	nodes, gpus := strconv.Itoa(b.task.NumNodes), strconv.Itoa(b.gpuCount())
	rank := fieldRef("metadata.annotations['batch.kubernetes.io/job-completion-index']")
	ip := fieldRef("status.podIP")
	ours := []corev1.EnvVar{
		{Name: "NODE_RANK", ValueFrom: rank}, {Name: "SKYPILOT_NODE_RANK", ValueFrom: rank},
		{Name: "NUM_NODES", Value: nodes}, {Name: "SKYPILOT_NUM_NODES", Value: nodes},
		{Name: "VAST_TASK_ID", Value: b.in.ID}, {Name: "SKYPILOT_TASK_ID", Value: b.name},
		{Name: "VAST_NUM_GPUS_PER_NODE", Value: gpus}, {Name: "SKYPILOT_NUM_GPUS_PER_NODE", Value: gpus},
		{Name: "VAST_NODE_IP", ValueFrom: ip},
	}
	out = append(out, ours...)
	if !set["MASTER_ADDR"] {
		master := corev1.EnvVar{Name: "MASTER_ADDR", ValueFrom: ip}
		if b.task.NumNodes > 1 {
			master = corev1.EnvVar{Name: "MASTER_ADDR", Value: b.name + "-0." + b.name}
		}
		out = append(out, master)
	}
	if !set["MASTER_PORT"] {
		out = append(out, corev1.EnvVar{Name: "MASTER_PORT", Value: DefaultMasterPort})
	}
	// A program that buffers its output prints nothing while it runs and loses it
	// when it is killed.
	if !set["PYTHONUNBUFFERED"] {
		out = append(out, corev1.EnvVar{Name: "PYTHONUNBUFFERED", Value: "1"})
	}
	return out
}

func fieldRef(path string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}
}

// gpuCount returns the number of whole devices of each node.
func (b *builder) gpuCount() int {
	if b.res.Accelerator == nil {
		return 0
	}
	return int(math.Ceil(b.res.Accelerator.Count))
}
