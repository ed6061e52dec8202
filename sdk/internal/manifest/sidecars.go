package manifest

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

// sidecars turns the containers that pod_config adds into native sidecars: a plain
// container would keep the pod running after the task, forever if it is a server.
// Kubernetes terminates native sidecars with the task, and only the task's container
// decides the pod's phase. They come last, so that the init containers of pod_config
// have finished when they start.
func (b *builder) sidecars(pod *corev1.PodSpec) {
	b.runsOnce(&pod.Containers[0])
	for _, c := range pod.Containers[1:] {
		path := b.containerPath(c.Name)
		if p := c.RestartPolicy; p != nil && *p != corev1.ContainerRestartPolicyAlways {
			b.refuse(path+".restartPolicy", "%q is not possible; a container beside the task's is restarted until the task has ended: "+
				"remove it, or put a container that has to run once before the task into initContainers", *p)
		}
		if len(c.RestartPolicyRules) > 0 {
			b.refuse(path+".restartPolicyRules", "are not possible; a container beside the task's is always restarted: remove them")
		}
		c.RestartPolicy, c.RestartPolicyRules = ptr.To(corev1.ContainerRestartPolicyAlways), nil
		pod.InitContainers = append(pod.InitContainers, c)
	}
	pod.Containers = pod.Containers[:1]
}

// runsOnce rejects what would restart the task's container.
func (b *builder) runsOnce(c *corev1.Container) {
	path := b.containerPath(c.Name)
	if p := c.RestartPolicy; p != nil && *p != corev1.ContainerRestartPolicyNever {
		b.refuse(path+".restartPolicy", "%q is not possible; a node of a task runs once (Never)", *p)
	}
	if len(c.RestartPolicyRules) > 0 {
		b.refuse(path+".restartPolicyRules", "are not possible; a node of a task runs once: remove them")
	}
}

// containerPath returns the path of the container with this name in pod_config; the last
// one if there are several.
func (b *builder) containerPath(name string) string {
	path := "spec.containers"
	for i, c := range listAt(b.task.PodConfig, "spec", "containers") {
		container, _ := c.(map[string]any)
		if container["name"] == name || name == Container && isTasks(container) {
			path = fmt.Sprintf("spec.containers[%d]", i)
		}
	}
	return path
}

// boundSidecars terminates the user's sidecars soon after the task in a pod whose grace
// period is extended for the upload of results. Many programs ignore SIGTERM as process
// 1 (sleep, a shell loop), and would run for the whole grace period. So the agent is
// process 1 of each sidecar with a known command; for others only the image has it.
func (b *builder) boundSidecars(pod *corev1.PodSpec, grace int64) {
	limit := strconv.FormatInt(min(grace, int64(agentspec.SideTime.Seconds())), 10)
	bound := false
	for i := range pod.InitContainers {
		c := &pod.InitContainers[i]
		if !kube.IsSidecar(c) || len(c.Command) == 0 {
			continue
		}
		bound = true
		c.Command = slices.Concat([]string{toolsDir + "/agent", "run", limit}, c.Command)
		c.VolumeMounts = append(slices.Clone(c.VolumeMounts), corev1.VolumeMount{Name: toolsVolume, MountPath: toolsDir, ReadOnly: true})
	}
	if !bound {
		return
	}
	addSmallDir(pod, toolsVolume, toolsRoom)
	c := b.ourContainer(kube.ContainerTools, "install", pod)
	c.Args = append(c.Args, toolsDir)
	c.VolumeMounts = []corev1.VolumeMount{{Name: toolsVolume, MountPath: toolsDir}}
	pod.InitContainers = append([]corev1.Container{c}, pod.InitContainers...)
}

// secondaries returns the containers beside the main one, with the same mounts, as native
// sidecars, which do not keep the pod running.
func (b *builder) secondaries(pod *corev1.PodSpec) []corev1.Container {
	main := &pod.Containers[0]
	var out []corev1.Container
	for _, s := range b.in.Secondary {
		c := corev1.Container{
			Name:            s.Name,
			Image:           s.Image,
			ImagePullPolicy: main.ImagePullPolicy,
			Env:             overlay(main.Env, s.Env),
			Resources:       s.Resources,
			RestartPolicy:   ptr.To(corev1.ContainerRestartPolicyAlways),
			SecurityContext: main.SecurityContext.DeepCopy(),
			VolumeMounts:    slices.Clone(main.VolumeMounts),
		}
		if c.Image == "" {
			c.Image = main.Image
		}
		if s.Script != "" {
			c.Command, c.Args = b.launch.command(), []string{"", literal(s.Script)}
		}
		out = append(out, c)
	}
	return out
}

// overlay returns base with the variables of over replacing those of the same name, and
// the others appended.
func overlay(base, over []corev1.EnvVar) []corev1.EnvVar {
	out := slices.Clone(base)
	for _, e := range over {
		if i := slices.IndexFunc(out, func(have corev1.EnvVar) bool { return have.Name == e.Name }); i >= 0 {
			out[i] = e
		} else {
			out = append(out, e)
		}
	}
	return out
}

// sharedDirs adds empty directories for the user's containers. A path with a volume is
// shared already.
func (b *builder) sharedDirs(pod *corev1.PodSpec) {
	for i, dir := range b.in.SharedDirs {
		c := &pod.Containers[0]
		if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == dir }) {
			b.emptyDir(pod, sharedPrefix+strconv.Itoa(i), dir, corev1.StorageMediumDefault)
		}
	}
}
