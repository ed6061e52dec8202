package manifest

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

// mountFiles shows the user's container what the init container will have
// brought. An entry may turn out to be a file or a folder: it is mounted when
// it is there.
func (b *builder) mountFiles(pod *corev1.PodSpec) {
	if len(b.in.Files) == 0 {
		return
	}
	addEmptyDir(pod, filesVolume)
	c := &pod.Containers[0]
	b.launch.variables = b.in.Variables
	if b.in.Inputs != "" {
		c.Env = append(c.Env, corev1.EnvVar{Name: envInputDir, Value: literal(b.in.Inputs)})
	}
	var links []string
	for i, f := range b.in.Files {
		at := f.Path
		if home, ok := strings.CutPrefix(f.Path, "~/"); ok {
			at = mountsDir + "/" + strconv.Itoa(i)
			links = append(links, at+" "+home)
		}
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{
			Name: filesVolume, MountPath: at, SubPath: strconv.Itoa(i), ReadOnly: f.ReadOnly})
		if f.Workdir {
			b.launch.workdir = f.Path
		}
	}
	if len(links) > 0 {
		// A folder before its content.
		slices.SortStableFunc(links, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
		b.launch.links = links
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: filesVolume, MountPath: homeDir, SubPath: "home"})
	}
}

// fetchContainers are the init containers that run before all others: the one
// that brings the files and, where only the image has the user who reads them,
// one that reports it.
func (b *builder) fetchContainers(pod *corev1.PodSpec) []corev1.Container {
	fetch, packs := b.fetchOrders()
	c := b.ourContainer(kube.ContainerFetch, "fetch", pod)
	c.VolumeMounts = []corev1.VolumeMount{{Name: filesVolume, MountPath: filesDir}}
	if len(packs) > 0 {
		b.packsVolume(pod, &c, packs)
	}
	var out []corev1.Container
	if userOf(pod) == nil {
		fetch.OwnerFile, fetch.Give = ownerFile, filesDir
		addSmallDir(pod, ownerVolume, ownerRoom)
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: ownerVolume, MountPath: ownerDir, ReadOnly: true})
		out = append(out, askOwner(&pod.Containers[0]))
	}
	text, err := json.Marshal(fetch)
	if err != nil {
		panic("manifest: orders have a JSON form: " + err.Error())
	}
	c.Env = append([]corev1.EnvVar{
		{Name: agentspec.EnvFetch, Value: literal(string(text))},
		{Name: "HOME", Value: filesDir},
		{Name: "TMPDIR", Value: filesDir},
	}, b.sourceEnv(pod, fetch.Items)...)
	return append(out, c)
}

// fetchOrders turns the sources into orders with absolute targets, and returns
// the packs that go with the task by their file names.
func (b *builder) fetchOrders() (agentspec.Fetch, map[string][]byte) {
	fetch, packs := agentspec.Fetch{}, map[string][]byte{}
	for i, f := range b.in.Files {
		for _, item := range f.Sources {
			item.To = path.Join(filesPath(i), item.To)
			if item.PackFile != "" {
				item.PackFile = packsDir + "/" + strconv.Itoa(i)
				packs[strconv.Itoa(i)] = f.Pack
			}
			fetch.Items = append(fetch.Items, item)
		}
	}
	return fetch, packs
}

func (b *builder) packsVolume(pod *corev1.PodSpec, c *corev1.Container, packs map[string][]byte) {
	cm := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: b.helperMeta("-files"),
		Immutable:  ptr.To(true),
		BinaryData: packs,
	}
	b.helperObjects = append(b.helperObjects, cm)
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: packsVolume, VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: cm.Name}}}})
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: packsVolume, MountPath: packsDir, ReadOnly: true})
}

// askOwner is the user's image asked as which user it runs. It sees nothing that
// one of our containers trusts.
func askOwner(main *corev1.Container) corev1.Container {
	return corev1.Container{
		Name:            kube.ContainerUser,
		Image:           main.Image,
		ImagePullPolicy: main.ImagePullPolicy,
		Command:         []string{"sh", "-c", fmt.Sprintf(`echo "$$(id -u):$$(id -g)" >%s`, ownerFile)},
		SecurityContext: main.SecurityContext.DeepCopy(),
		Resources:       kube.Unpriced(),
		VolumeMounts:    []corev1.VolumeMount{{Name: ownerVolume, MountPath: ownerDir}},
	}
}

// sourcePrefixes begin the names of the variables by which a bucket or a
// repository that is not ours is reached.
var sourcePrefixes = []string{"AWS_", "GS_", "GCS_", "GOOGLE_", "GIT_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}

// sourceEnv are the variables that the sources need: those of the store, which
// the user's containers never get, and the user's own for what is the user's.
func (b *builder) sourceEnv(pod *corev1.PodSpec, items []agentspec.Item) []corev1.EnvVar {
	var env []corev1.EnvVar
	if slices.ContainsFunc(items, fromStore) {
		env = append(env, kube.StoreReaderEnv()...)
	}
	if !slices.ContainsFunc(items, func(i agentspec.Item) bool { return i.Git != "" || i.URI != "" }) {
		return env
	}
	for _, e := range pod.Containers[0].Env {
		if slices.ContainsFunc(sourcePrefixes, func(p string) bool { return strings.HasPrefix(e.Name, p) }) {
			env = append(env, e)
		}
	}
	return env
}
