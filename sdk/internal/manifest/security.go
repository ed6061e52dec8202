package manifest

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"k8s.io/utils/ptr"
)

// nobody is the UID for the restricted profile.
const nobody = 65534

// secure applies the security profile. Privileged leaves the cluster's defaults; it
// allows a pod_config with more privileges.
func (b *builder) secure(pod *corev1.PodSpec) {
	c := &pod.Containers[0]
	if b.in.RunAsUser != nil {
		c.SecurityContext = &corev1.SecurityContext{RunAsUser: b.in.RunAsUser}
	}
	if b.in.Profile == Privileged {
		return
	}
	pod.SecurityContext = &corev1.PodSecurityContext{
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	c.SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), RunAsUser: b.in.RunAsUser}
	if b.in.Profile != Restricted {
		return
	}
	pod.SecurityContext.RunAsNonRoot = ptr.To(true)
	pod.SecurityContext.RunAsUser = ptr.To[int64](nobody)
	pod.SecurityContext.RunAsGroup = ptr.To[int64](nobody)
	// Without an fsGroup a new volume would not be writable.
	pod.SecurityContext.FSGroup = ptr.To[int64](nobody)
	c.SecurityContext.ReadOnlyRootFilesystem = ptr.To(true)
	c.SecurityContext.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
	if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/tmp" }) {
		b.emptyDir(pod, "tmp", "/tmp", corev1.StorageMediumDefault)
	}
	if !slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "HOME" }) {
		c.Env = append(c.Env, corev1.EnvVar{Name: "HOME", Value: "/tmp"})
	}
}

// checks are Kubernetes' checks of the Pod Security Standards, which the API server
// applies in a namespace that enforces a profile.
var checks = func() policy.Evaluator {
	e, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic("manifest: Kubernetes' checks are sound: " + err.Error())
	}
	return e
}()

// weakened warns about each check of the chosen profile that the pod fails because of
// pod_config. A namespace that enforces the profile rejects such a pod.
func (b *builder) weakened(before, after *corev1.PodTemplateSpec) {
	if b.in.Profile == Privileged {
		b.givenAway(&after.Spec)
		return
	}
	level := podsecurity.LevelBaseline
	if b.in.Profile == Restricted {
		level = podsecurity.LevelRestricted
	}
	had := failed(level, before)
	for _, f := range failed(level, after) {
		if !slices.ContainsFunc(had, func(h policy.CheckResult) bool { return h.ForbiddenReason == f.ForbiddenReason }) {
			b.warnings = append(b.warnings, fmt.Sprintf("pod_config weakens the security profile %s: %s (%s)", level, f.ForbiddenReason, f.ForbiddenDetail))
		}
	}
}

func failed(level podsecurity.Level, pod *corev1.PodTemplateSpec) []policy.CheckResult {
	results := checks.EvaluatePod(podsecurity.LevelVersion{Level: level, Version: podsecurity.LatestVersion()}, &pod.ObjectMeta, &pod.Spec)
	return slices.DeleteFunc(results, func(r policy.CheckResult) bool { return r.Allowed })
}

// givenAway warns about privileges of the user's containers beside ours.
func (b *builder) givenAway(pod *corev1.PodSpec) {
	if !b.hasOurs() {
		return
	}
	var by []string
	add := func(what string, is bool) {
		if is && !slices.Contains(by, what) {
			by = append(by, what)
		}
	}
	for _, v := range pod.Volumes {
		add("hostPath", v.HostPath != nil)
	}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		if s := c.SecurityContext; s != nil {
			add("privileged", ptr.Deref(s.Privileged, false))
			add("capabilities", s.Capabilities != nil && slices.ContainsFunc(s.Capabilities.Add, isPower))
		}
	}
	if len(by) > 0 {
		b.warnings = append(b.warnings, fmt.Sprintf("pod_config (%s) gives the task access to its node, and so to the credentials of the store and of all pods on it",
			strings.Join(by, ", ")))
	}
}
