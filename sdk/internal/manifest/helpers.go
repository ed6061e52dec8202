package manifest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// maxArgScripts bounds the scripts in the pod's arguments. An argument has at most 128
// KiB, and every dollar in it is doubled.
const maxArgScripts = 64 << 10

// helpers adds the objects that the pods need besides the Job, and the arguments or
// mounts that refer to them.
func (b *builder) helpers(pod *corev1.PodSpec) {
	b.scripts(pod)
	b.secrets(pod)
	if b.task.NumNodes > 1 {
		b.service()
	}
	b.network()
}

// Helpers returns the resources of the helpers that Build builds for an input, without
// building them.
func Helpers(in Input) []string {
	var kinds []string
	b := &builder{in: in, task: in.Task}
	if in.Task.NumNodes > 1 {
		kinds = append(kinds, "services")
	}
	if len(in.Task.Secrets) > 0 && in.SecretName == "" || b.registryLogin() != nil {
		kinds = append(kinds, "secrets")
	}
	if b.longScripts() || slices.ContainsFunc(in.Files, func(f Files) bool { return len(f.Pack) > 0 }) {
		kinds = append(kinds, "configmaps")
	}
	if in.Network == NetworkNone {
		kinds = append(kinds, "networkpolicies.networking.k8s.io")
	}
	return kinds
}

// longScripts reports whether the scripts do not fit into the pod's arguments.
func (b *builder) longScripts() bool { return len(b.task.Setup)+len(b.task.Run) > maxArgScripts }

func (b *builder) helperMeta(suffix string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: b.name + suffix, Namespace: b.in.Namespace, Labels: b.labels()}
}

func (b *builder) scripts(pod *corev1.PodSpec) {
	c := &pod.Containers[0]
	if !b.longScripts() {
		if c.Args == nil {
			c.Args = []string{literal(b.task.Setup), literal(b.task.Run)}
		}
		return
	}
	data := map[string]string{}
	for name, script := range map[string]string{"setup": b.task.Setup, "run": b.task.Run} {
		if script != "" {
			data[name] = script
		}
	}
	b.helperObjects = append(b.helperObjects, &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: b.helperMeta(""),
		Immutable:  ptr.To(true),
		Data:       data,
	})
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "vast-scripts", VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: b.name}}}})
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: "vast-scripts", MountPath: ScriptDir, ReadOnly: true})
}

// secrets adds a Secret with the task's secrets, which the pods refer to.
func (b *builder) secrets(pod *corev1.PodSpec) {
	if len(b.task.Secrets) > 0 && b.in.SecretName == "" {
		data := map[string][]byte{}
		for _, s := range b.task.Secrets {
			data[s.Name] = []byte(s.Value)
		}
		b.addSecret("", corev1.SecretTypeOpaque, data)
	}
	if login := b.registryLogin(); login != nil {
		b.addSecret("-registry", corev1.SecretTypeDockerConfigJson, map[string][]byte{corev1.DockerConfigJsonKey: login})
		pod.ImagePullSecrets = append(pod.ImagePullSecrets, corev1.LocalObjectReference{Name: b.name + "-registry"})
	}
}

func (b *builder) addSecret(suffix string, kind corev1.SecretType, data map[string][]byte) {
	b.helperObjects = append(b.helperObjects, &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: b.helperMeta(suffix),
		Immutable:  ptr.To(true),
		Type:       kind,
		Data:       data,
	})
}

// service adds the headless Service that gives every node a host name,
// <job>-<rank>.<job>. It publishes addresses before the pods are ready, since nodes
// connect to each other while they start.
func (b *builder) service() {
	b.helperObjects = append(b.helperObjects, &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: b.helperMeta(""),
		Spec: corev1.ServiceSpec{
			ClusterIP:                corev1.ClusterIPNone,
			PublishNotReadyAddresses: true,
			Selector:                 map[string]string{batchv1.JobNameLabel: b.name},
		},
	})
}

// SkyPilot's variables for a private registry.
const (
	dockerUser     = "SKYPILOT_DOCKER_USERNAME"
	dockerPassword = "SKYPILOT_DOCKER_PASSWORD" // a name
	dockerServer   = "SKYPILOT_DOCKER_SERVER"
)

// login returns the values of the variables.
func (b *builder) login() map[string]string {
	login := map[string]string{}
	for _, e := range slices.Concat(b.task.Envs, b.task.Secrets) {
		login[e.Name] = e.Value
	}
	return login
}

// registryLogin returns a Docker configuration from the variables, or nil.
func (b *builder) registryLogin() []byte {
	login := b.login()
	user, password, server := login[dockerUser], login[dockerPassword], login[dockerServer]
	if user == "" || password == "" || server == "" {
		return nil
	}
	config, _ := json.Marshal(map[string]any{"auths": map[string]any{server: map[string]string{
		"username": user, "password": password,
		"auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + password)),
	}}}) // strings in maps always marshal
	return config
}

// hubs are names of Docker Hub, the default registry.
var hubs = []string{"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}

// atRegistry prefixes an image without a registry with server, which may have a path, as
// SkyPilot does. (SkyPilot also prefixes an image of another registry, which only a
// mirror could have.)
func atRegistry(server, image string) string {
	_, bare, url := strings.Cut(server, "://")
	if !url {
		bare = server
	}
	bare = strings.Trim(bare, "/")
	host, _, _ := strings.Cut(bare, "/")
	if url { // as in Docker's configuration, with the path of its API
		bare = host
	}
	if bare == "" || slices.Contains(hubs, host) {
		return image
	}
	if first, _, path := strings.Cut(image, "/"); path && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return image
	}
	return bare + "/" + image
}
