package manifest

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// secondaries run beside the main container, see the same folders, and end
// after it: a native sidecar never keeps a pod from ending.
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

// overlay returns base with the variables of over in the place of those of the
// same name, and the rest behind.
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

// sharedDirs are empty folders for the user's containers. A place that has a
// volume already is one.
func (b *builder) sharedDirs(pod *corev1.PodSpec) {
	for i, dir := range b.in.SharedDirs {
		c := &pod.Containers[0]
		if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == dir }) {
			b.emptyDir(pod, sharedPrefix+strconv.Itoa(i), dir, corev1.StorageMediumDefault)
		}
	}
}
