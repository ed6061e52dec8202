package cluster

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

	"github.com/kubevast/vast/sdk/kube"
)

const (
	storePort    = 7070
	storeBucket  = "vast"
	storeRegion  = "us-east-1"
	storeData    = "/data"
	storeHealth  = "/healthz"
	storeProgram = "/usr/local/bin/versitygw"

	// nobody is the user that the store runs as.
	nobody = 65534

	labelName = "app.kubernetes.io/name"
)

// storeEndpoint is where pods of the cluster find the built-in store.
func storeEndpoint(namespace string) string {
	return fmt.Sprintf("http://%s.%s.svc:%d", kube.StoreName, namespace, storePort)
}

// storeObjects are the built-in store without its Secret: a Deployment with a
// Service and, with a size, a claim.
func storeObjects(namespace string, config *Config, size, image string) []runtime.Object {
	var objects []runtime.Object
	volume := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	if size != "" {
		objects = append(objects, storeClaim(namespace, config, size))
		volume = corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: kube.StoreName}}
	}
	return append(objects, storeService(namespace), storeDeployment(namespace, image, volume))
}

func storeMeta(namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: kube.StoreName, Namespace: namespace, Labels: labelsOf(componentStore)}
}

func storeClaim(namespace string, config *Config, size string) *corev1.PersistentVolumeClaim {
	claim := &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: storeMeta(namespace),
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

func storeService(namespace string) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: storeMeta(namespace),
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{labelName: kube.StoreName},
			Ports:    []corev1.ServicePort{{Name: "s3", Port: storePort, TargetPort: intstr.FromString("s3"), Protocol: corev1.ProtocolTCP}},
		},
	}
}

func storeDeployment(namespace, image string, data corev1.VolumeSource) *appsv1.Deployment {
	labels := map[string]string{labelName: kube.StoreName}
	podLabels := maps.Clone(labels)
	maps.Copy(podLabels, labelsOf(componentStore))
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "Deployment"},
		ObjectMeta: storeMeta(namespace),
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](1),
			// Two pods must never write to one volume.
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: podLabels},
				Spec: corev1.PodSpec{
					AutomountServiceAccountToken: ptr.To(false),
					EnableServiceLinks:           ptr.To(false),
					SecurityContext: &corev1.PodSecurityContext{
						RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](nobody), RunAsGroup: ptr.To[int64](nobody),
						FSGroup: ptr.To[int64](nobody), FSGroupChangePolicy: ptr.To(corev1.FSGroupChangeOnRootMismatch),
						SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
					},
					Containers: []corev1.Container{storeContainer(image)},
					Volumes: []corev1.Volume{
						{Name: "data", VolumeSource: data},
						{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
					},
				},
			},
		},
	}
}

func storeContainer(image string) corev1.Container {
	health := corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: storeHealth, Port: intstr.FromString("s3")}}
	credential := func(variable, key string) corev1.EnvVar {
		return corev1.EnvVar{Name: variable, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: kube.StoreName}, Key: key}}}
	}
	return corev1.Container{
		Name:  "store",
		Image: image,
		// The program by name: the released image starts a script otherwise.
		Command: []string{storeProgram},
		Args:    []string{"--port", fmt.Sprintf(":%d", storePort), "--region", storeRegion, "--health", storeHealth, "posix", storeData},
		Env: []corev1.EnvVar{
			credential("ROOT_ACCESS_KEY_ID", kube.StoreAccessKey),
			credential("ROOT_SECRET_ACCESS_KEY", kube.StoreSecretKey),
		},
		Ports: []corev1.ContainerPort{{Name: "s3", ContainerPort: storePort, Protocol: corev1.ProtocolTCP}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("128Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")},
		},
		StartupProbe:   &corev1.Probe{ProbeHandler: health, PeriodSeconds: 1, FailureThreshold: 60},
		ReadinessProbe: &corev1.Probe{ProbeHandler: health, PeriodSeconds: 5},
		LivenessProbe:  &corev1.Probe{ProbeHandler: health, PeriodSeconds: 20, TimeoutSeconds: 10},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: storeData}, {Name: "tmp", MountPath: "/tmp"}},
	}
}
