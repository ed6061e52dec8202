package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

const (
	// TaskOutputDir is $OUTPUT_DIR of a task.
	TaskOutputDir = "/out"
	envOutputDir  = "OUTPUT_DIR"
	// envInputDir is the folder with the files of other tasks of a workflow, envOutputs the
	// file to which a task writes the variables that it passes.
	envInputDir  = "INPUT_DIR"
	envOutputs   = "VAST_OUTPUTS"
	defaultGrace = 30
	// tokenSeconds is how long a token counts before the kubelet writes a
	// new one; the API server's usual value.
	tokenSeconds = 3607
)

// outputs gives the containers of the user's the folders that are kept.
func (b *builder) outputs(pod *corev1.PodSpec) {
	c := &pod.Containers[0]
	if b.in.OutputDir != "" {
		b.emptyDir(pod, outVolume, root(b.in.OutputDir), corev1.StorageMediumDefault)
		b.setOutputDir(c)
	}
	if b.in.Results == nil {
		return
	}
	if b.in.Passes {
		b.launch.outputs = path.Join(root(b.in.OutputDir), agentspec.OutputsFile)
		c.Env = append(c.Env, corev1.EnvVar{Name: envOutputs, Value: literal(b.launch.outputs)})
	}
	for i, out := range b.task.Outputs {
		if path.IsAbs(out) && mountOf(c.VolumeMounts, out) == nil {
			b.emptyDir(pod, outputPrefix+strconv.Itoa(i), out, corev1.StorageMediumDefault)
		}
	}
}

// setOutputDir leaves the user's own variable alone: many a file has one of
// this name that means something else.
func (b *builder) setOutputDir(c *corev1.Container) {
	for _, e := range c.Env {
		if e.Name != envOutputDir {
			continue
		}
		if b.in.Results != nil {
			b.warnings = append(b.warnings, fmt.Sprintf(
				"the file sets %s itself; only what is written to %s, or to the paths in outputs, is kept", envOutputDir, root(b.in.OutputDir)))
		}
		return
	}
	c.Env = append(c.Env, corev1.EnvVar{Name: envOutputDir, Value: literal(b.in.OutputDir)})
}

// mountOf returns the innermost mount that contains a path, or nil.
func mountOf(mounts []corev1.VolumeMount, p string) *corev1.VolumeMount {
	var found *corev1.VolumeMount
	for i, m := range mounts {
		if below(p, m.MountPath) && (found == nil || len(m.MountPath) > len(found.MountPath)) {
			found = &mounts[i]
		}
	}
	return found
}

// keepContainer is the native sidecar that saves results and logs. It outlives
// the user's containers in whatever way they end; see the design, "Inside the
// pod".
func (b *builder) keepContainer(pod *corev1.PodSpec) corev1.Container {
	grace := b.grace(pod)
	b.boundSidecars(pod, grace)
	b.account(pod)
	addEmptyDir(pod, keepVolume)
	c := b.ourContainer(kube.ContainerKeep, "keep", pod)
	c.RestartPolicy = ptr.To(corev1.ContainerRestartPolicyAlways)
	c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/agent", "stop"}}}}
	keep := *b.in.Results
	keep.Results = slices.Clone(keep.Results) // the caller's stay as they are
	keep.GraceSeconds = grace
	c.VolumeMounts = append(b.keptMounts(pod, &keep),
		corev1.VolumeMount{Name: keepVolume, MountPath: agentspec.ScratchDir},
		corev1.VolumeMount{Name: tokenVolume, MountPath: tokenDir, ReadOnly: true})
	b.complete(&keep, pod)
	text, err := json.Marshal(keep)
	if err != nil {
		panic("manifest: orders have a JSON form: " + err.Error())
	}
	c.Env = append([]corev1.EnvVar{
		{Name: agentspec.EnvKeep, Value: literal(string(text))},
		{Name: "GOMEMLIMIT", Value: "200MiB"},
		{Name: "HOME", Value: agentspec.ScratchDir},
		{Name: "TMPDIR", Value: agentspec.ScratchDir},
		{Name: agentspec.EnvPodName, ValueFrom: fieldRef("metadata.name")},
		{Name: agentspec.EnvPodNamespace, ValueFrom: fieldRef("metadata.namespace")},
		{Name: agentspec.EnvPodUID, ValueFrom: fieldRef("metadata.uid")},
		{Name: agentspec.EnvNodeName, ValueFrom: fieldRef("spec.nodeName")},
		{Name: agentspec.EnvJobUID, ValueFrom: fieldRef("metadata.labels['batch.kubernetes.io/controller-uid']")},
		{Name: agentspec.EnvNodeRank, ValueFrom: fieldRef("metadata.annotations['batch.kubernetes.io/job-completion-index']")},
	}, kube.StoreEnv()...)
	return c
}

// grace gives the pod time to save, and the launcher the end of its own, which
// it returns in seconds.
func (b *builder) grace(pod *corev1.PodSpec) int64 {
	grace := ptr.Deref(pod.TerminationGracePeriodSeconds, defaultGrace)
	pod.TerminationGracePeriodSeconds = ptr.To(grace + int64(agentspec.SaveTime.Seconds()))
	b.launch.grace = &grace
	return grace
}

// account gives the sidecar, and nothing else in the pod, access to the API
// server.
func (b *builder) account(pod *corev1.PodSpec) {
	if own := pod.ServiceAccountName; own == "" {
		pod.ServiceAccountName = kube.AgentName
	} else if own != kube.AgentName {
		b.warnings = append(b.warnings, fmt.Sprintf(
			"logs and the reason of the end are kept only if the service account %q of pod_config may read pods and their logs; the account %q may",
			own, kube.AgentName))
	}
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: tokenVolume, VolumeSource: corev1.VolumeSource{
		Projected: &corev1.ProjectedVolumeSource{DefaultMode: ptr.To[int32](0o444), Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: ptr.To[int64](tokenSeconds)}},
			{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"},
				Items:                []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}}}},
		}}}})
}

// keptMounts shows the sidecar what it keeps, and adds the task's outputs to
// what is kept.
func (b *builder) keptMounts(pod *corev1.PodSpec, keep *agentspec.Keep) []corev1.VolumeMount {
	var out []corev1.VolumeMount
	add := func(m corev1.VolumeMount) {
		m.ReadOnly = true
		if other := mountOf(out, m.MountPath); other == nil || other.MountPath != m.MountPath {
			out = append(out, m)
		}
	}
	main := pod.Containers[0].VolumeMounts
	if out := root(b.in.OutputDir); b.in.OutputDir != "" {
		add(corev1.VolumeMount{Name: outVolume, MountPath: out})
		if m := mountOf(main, out); m == nil || m.Name != outVolume {
			b.warnings = append(b.warnings, fmt.Sprintf("pod_config mounts something else at %s; what is written there is not kept", out))
		}
	}
	var dirs []agentspec.Dir
	for _, o := range b.task.Outputs {
		if path.IsAbs(o) {
			if m := mountOf(main, o); m != nil && m.Name != outVolume {
				add(*m)
				dirs = append(dirs, agentspec.Dir{Path: o, As: strings.TrimPrefix(o, "/") + "/"})
			}
			continue
		}
		if i := b.workdir(); i >= 0 {
			add(corev1.VolumeMount{Name: filesVolume, MountPath: filesDir})
			dirs = append(dirs, agentspec.Dir{Path: filesPath(i), Match: []string{o, o + "/**"}})
		}
	}
	if len(keep.Results) > 0 {
		keep.Results[0].Dirs = slices.Concat(keep.Results[0].Dirs, dirs)
	}
	return out
}

// workdir returns the number of the files that are the workdir, or -1.
func (b *builder) workdir() int {
	for i, f := range b.in.Files {
		if f.Workdir {
			return i
		}
	}
	return -1
}

// complete sets the fields that only the manifest can compute.
func (b *builder) complete(keep *agentspec.Keep, pod *corev1.PodSpec) {
	if keep.Main == "" {
		keep.Main = Container
	}
	if len(keep.Containers) == 0 {
		for _, c := range pod.Containers {
			keep.Containers = append(keep.Containers, c.Name)
		}
		for _, s := range b.in.Secondary {
			keep.Containers = append(keep.Containers, s.Name)
		}
		for i := range pod.InitContainers {
			if c := &pod.InitContainers[i]; kube.IsSidecar(c) {
				keep.Containers = append(keep.Containers, c.Name)
			}
		}
	}
	if keep.DeadlineSeconds == 0 {
		keep.DeadlineSeconds = int64(b.in.Deadline.Seconds())
	}
	if keep.Labels == nil {
		keep.Labels = map[string]string{}
		maps.Copy(keep.Labels, b.in.Labels)
		keep.Labels[kube.LabelKind] = kube.KindProgress
		keep.Labels[kube.LabelTaskID] = b.in.ID
		keep.Labels[kube.LabelUser] = kube.LabelValue(b.in.User)
	}
	for i := range keep.Results {
		id := &keep.Results[i].Identity
		if id.Job == "" {
			id.Job, id.TaskID, id.TaskName, id.User = b.name, b.in.ID, b.task.Name, b.in.User
		}
	}
}
