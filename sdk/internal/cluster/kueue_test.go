package cluster

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

func controller(image string, labels map[string]string) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: kueueDeployment, Namespace: kueueNamespace, Labels: labels}}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "kube-rbac-proxy", Image: "proxy:v9.9.9"}, {Name: "manager", Image: image}}
	return d
}

func TestTheVersionOfAKueue(t *testing.T) {
	for name, tc := range map[string]struct {
		image  string
		labels map[string]string
		want   string
	}{
		"by the tag of its image":     {image: "registry.k8s.io/kueue/kueue:v0.16.1", want: "0.16.1"},
		"by a mirror with a port":     {image: "mirror.example.com:5000/kueue:v0.15.0", want: "0.15.0"},
		"by its label, with a digest": {image: "kueue@sha256:0123", labels: map[string]string{"app.kubernetes.io/version": "v0.17.2"}, want: "0.17.2"},
		"by its chart, with a branch": {image: "kueue:main", labels: map[string]string{"helm.sh/chart": "kueue-0.15.3"}, want: "0.15.3"},
		"a port is no tag":            {image: "mirror.example.com:5000/kueue"},
		"not at all":                  {image: "kueue@sha256:0123"},
		"a release candidate":         {image: "kueue:v0.16.0-rc.1", want: "0.16.0-rc.1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (foundKueue{deployment: controller(tc.image, tc.labels)}).version(); got != tc.want {
				t.Errorf("version %q, want %q", got, tc.want)
			}
		})
	}
}

func TestWhichKueueIsUsed(t *testing.T) {
	both := []string{"v1beta2", "v1beta1"}
	now := controller("kueue:v0.16.1", map[string]string{"app.kubernetes.io/managed-by": "Helm"})
	for name, tc := range map[string]struct {
		found    foundKueue
		release  *release
		o        api.SetupOptions
		install  bool
		conflict string
	}{
		"none is installed":                           {install: true},
		"a new one is used":                           {found: foundKueue{served: both, deployment: now}},
		"one of an unknown version is used":           {found: foundKueue{served: both, deployment: controller("kueue@sha256:01", nil)}},
		"an older one is refused":                     {found: foundKueue{served: both, deployment: controller("kueue:v0.14.8", nil)}, conflict: "has Kueue 0.14.8 (deployment kueue-controller-manager in namespace kueue-system), which is too old"},
		"an older one without a version, too":         {found: foundKueue{served: []string{"v1beta1"}, deployment: controller("kueue@sha256:01", nil)}, conflict: "it serves v1beta1, and v1beta2 (Kueue 0.15 or newer) is needed"},
		"definitions alone are refused":               {found: foundKueue{served: both}, conflict: "no Kueue that serves them"},
		"a controller alone is refused":               {found: foundKueue{deployment: now}, conflict: "without its resource definitions"},
		"a foreign release is not touched":            {found: foundKueue{served: both, deployment: now}, release: &release{Deployed: true, Version: "0.15.0"}, o: api.SetupOptions{KueueImage: "x:v1"}},
		"a foreign release without Kueue is reported": {release: &release{Name: "kueue"}, conflict: `the Helm release "kueue"`},
		"ours that was cut short is completed":        {found: foundKueue{served: both}, release: &release{Ours: true}, install: true},
		"ours that failed is completed":               {found: foundKueue{served: both, deployment: now}, release: &release{Ours: true, Version: kube.KueueVersion}, install: true},
		"ours stays as it is":                         {found: foundKueue{served: both, deployment: now}, release: &release{Ours: true, Deployed: true, Version: kube.KueueVersion}},
		"ours gets another image":                     {found: foundKueue{served: both, deployment: now}, release: &release{Ours: true, Deployed: true, Version: kube.KueueVersion}, o: api.SetupOptions{KueueImage: "mirror/kueue:v0.16.1"}, install: true},
		"ours keeps the image that it has":            {found: foundKueue{served: both, deployment: now}, release: &release{Ours: true, Deployed: true, Version: kube.KueueVersion}, o: api.SetupOptions{KueueImage: "kueue:v0.16.1"}},
		"ours of an older setup is upgraded":          {found: foundKueue{served: both, deployment: now}, release: &release{Ours: true, Deployed: true, Version: "0.16.0"}, install: true},
	} {
		t.Run(name, func(t *testing.T) {
			install, err := wantsKueue(tc.o, &observed{kueue: tc.found, release: tc.release})
			if install != tc.install {
				t.Errorf("install is %v", install)
			}
			var conflict *api.ConflictError
			switch {
			case tc.conflict == "" && err != nil:
				t.Error(err)
			case tc.conflict != "" && (!errors.As(err, &conflict) || !strings.Contains(err.Error(), tc.conflict)):
				t.Errorf("error is %v, want a ConflictError with %q", err, tc.conflict)
			}
		})
	}
}
