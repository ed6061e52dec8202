// Package desired renders the objects that a setup applies: the queues, the store and
// the agent's account. It uses no cluster.
package desired

import (
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

const (
	storePort    = 7070
	StoreBucket  = "vast"
	StoreRegion  = "us-east-1"
	storeData    = "/data"
	storeHealth  = "/healthz"
	storeProgram = "/usr/local/bin/versitygw"
	// storeAccounts is where the store reads its accounts and its certificate.
	storeAccounts = "/accounts"
	// annotationState is on the store's pod; see StorePod.
	annotationState = kube.Prefix + "store-state"

	// nobody is the UID of the store.
	nobody = 65534

	LabelName = "app.kubernetes.io/name"
)

// Keys of the Secret kube.StoreRootName beside those of the credentials.
const (
	RootUsers = "users.json" // all accounts, in versitygw's format
	RootCert  = "tls.crt"
	RootKey   = "tls.key"
)

// StoreEndpoint is where pods of the cluster find the built-in store.
func StoreEndpoint(namespace string, tls bool) string {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s.%s.svc:%d", scheme, kube.StoreName, namespace, storePort)
}

// StorePod is how the built-in store is to run.
type StorePod struct {
	Namespace string
	Image     string
	// Old is the store as versions before the accounts made it.
	Old, TLS bool
	// Limited: it has a limit of CPUs.
	Limited bool
	// State changes when the pod has to be replaced to take what is in the root
	// Secret.
	State string
}

// Store returns the built-in store without its Secrets: a Deployment, which is
// the last, with a Service, a NetworkPolicy and, with a size, a claim.
func Store(s StorePod, config *provider.Config, size string) []runtime.Object {
	var objects []runtime.Object
	volume := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	if size != "" {
		objects = append(objects, StoreClaim(s.Namespace, config, size))
		volume = corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: kube.StoreName}}
	}
	objects = append(objects, StoreService(s))
	if !s.Old {
		objects = append(objects, storePolicy(s.Namespace))
	}
	return append(objects, StoreDeployment(s, volume))
}

// storeSelector are the labels by which the store's pod is found. Tasks may not set
// the second; an old store has only the first.
func storeSelector(old bool) map[string]string {
	labels := map[string]string{LabelName: kube.StoreName}
	if !old {
		labels[kube.LabelStore] = "true"
	}
	return labels
}

func StoreMeta(namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: kube.StoreName, Namespace: namespace, Labels: Labels(ComponentStore)}
}

func StoreClaim(namespace string, config *provider.Config, size string) *corev1.PersistentVolumeClaim {
	claim := &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: StoreMeta(namespace),
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}},
		},
	}
	if config.StorageClass != "" {
		claim.Spec.StorageClassName = ptr.To(config.StorageClass)
	}
	return claim
}

func StoreService(s StorePod) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: StoreMeta(s.Namespace),
		Spec: corev1.ServiceSpec{
			Selector: storeSelector(s.Old),
			Ports:    []corev1.ServicePort{{Name: "s3", Port: storePort, TargetPort: intstr.FromString("s3"), Protocol: corev1.ProtocolTCP}},
		},
	}
}

func StoreDeployment(s StorePod, data corev1.VolumeSource) *appsv1.Deployment {
	labels := storeSelector(s.Old)
	podLabels := maps.Clone(labels)
	maps.Copy(podLabels, Labels(ComponentStore))
	volumes := []corev1.Volume{
		{Name: "data", VolumeSource: data},
		{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	}
	var annotations map[string]string
	if !s.Old {
		volumes = append(volumes, s.accountsVolume())
		annotations = map[string]string{annotationState: s.State}
	}
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "Deployment"},
		ObjectMeta: StoreMeta(s.Namespace),
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](1),
			// Two pods must never write to one volume.
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: podLabels, Annotations: annotations},
				Spec: corev1.PodSpec{
					AutomountServiceAccountToken: ptr.To(false),
					EnableServiceLinks:           ptr.To(false),
					SecurityContext: &corev1.PodSecurityContext{
						RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](nobody), RunAsGroup: ptr.To[int64](nobody),
						FSGroup: ptr.To[int64](nobody), FSGroupChangePolicy: ptr.To(corev1.FSGroupChangeOnRootMismatch),
						SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
					},
					Containers: []corev1.Container{storeContainer(s)},
					Volumes:    volumes,
				},
			},
		},
	}
}

// accountsVolume shows the store its accounts and its certificate, read-only.
func (s StorePod) accountsVolume() corev1.Volume {
	items := []corev1.KeyToPath{{Key: RootUsers, Path: RootUsers}}
	if s.TLS {
		items = append(items, corev1.KeyToPath{Key: RootCert, Path: RootCert}, corev1.KeyToPath{Key: RootKey, Path: RootKey})
	}
	return corev1.Volume{Name: "accounts", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
		SecretName: kube.StoreRootName, Items: items, DefaultMode: ptr.To[int32](0o440)}}}
}

func storeContainer(s StorePod) corev1.Container {
	health := corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: storeHealth, Port: intstr.FromString("s3")}}
	args := []string{"--port", fmt.Sprintf(":%d", storePort), "--region", StoreRegion, "--health", storeHealth}
	mounts := []corev1.VolumeMount{{Name: "data", MountPath: storeData}, {Name: "tmp", MountPath: "/tmp"}}
	root := kube.StoreName
	if !s.Old {
		root = kube.StoreRootName
		mounts = append(mounts, corev1.VolumeMount{Name: "accounts", MountPath: storeAccounts, ReadOnly: true})
		// The file is read again each time, so that a key that was changed is
		// of no use any more.
		args = append(args, "--iam-dir", storeAccounts, "--iam-cache-disable")
	}
	if s.TLS {
		health.HTTPGet.Scheme = corev1.URISchemeHTTPS
		args = append(args, "--cert", storeAccounts+"/"+RootCert, "--key", storeAccounts+"/"+RootKey)
	}
	credential := func(variable, key string) corev1.EnvVar {
		return corev1.EnvVar{Name: variable, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: root}, Key: key}}}
	}
	limits := corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}
	if s.Limited {
		limits[corev1.ResourceCPU] = resource.MustParse("1")
	}
	return corev1.Container{
		Name:  "store",
		Image: s.Image,
		// The program by name: the released image starts a script otherwise.
		Command: []string{storeProgram},
		Args:    append(args, "posix", storeData),
		Env: []corev1.EnvVar{
			credential("ROOT_ACCESS_KEY_ID", kube.StoreAccessKey),
			credential("ROOT_SECRET_ACCESS_KEY", kube.StoreSecretKey),
		},
		Ports: []corev1.ContainerPort{{Name: "s3", ContainerPort: storePort, Protocol: corev1.ProtocolTCP}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("128Mi")},
			Limits:   limits,
		},
		StartupProbe:   &corev1.Probe{ProbeHandler: health, PeriodSeconds: 1, FailureThreshold: 60},
		ReadinessProbe: &corev1.Probe{ProbeHandler: health, PeriodSeconds: 5},
		LivenessProbe:  &corev1.Probe{ProbeHandler: health, PeriodSeconds: 20, TimeoutSeconds: 10},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		VolumeMounts: mounts,
	}
}
