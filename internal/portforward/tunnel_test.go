package portforward

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubevast/vast/sdk/api"
)

func TestAServiceIsKnownByItsName(t *testing.T) {
	t.Parallel()
	for host, want := range map[string][2]string{
		"vast-store.lab.svc":               {"lab", "vast-store"},
		"vast-store.lab.svc.cluster.local": {"lab", "vast-store"},
		"vast-store.lab.svc.example.org":   {"lab", "vast-store"},
		"s3.eu-west-1.amazonaws.com":       {},
		"storage.googleapis.com":           {},
		"vast-store.lab":                   {},
		"10.0.0.7":                         {},
		"localhost":                        {},
	} {
		namespace, service, inside := clusterService(host)
		if [2]string{namespace, service} != want || inside != (want != [2]string{}) {
			t.Errorf("%s: %q in %q, inside: %v", host, service, namespace, inside)
		}
	}
}

func TestThePodsPortIsFoundByTheServices(t *testing.T) {
	t.Parallel()
	service := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
		{Port: 80, TargetPort: intstr.FromInt32(9000)},
		{Port: 7070, TargetPort: intstr.FromString("s3")},
		{Port: 81, TargetPort: intstr.FromString("gone")},
	}}}
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{
		{Ports: []corev1.ContainerPort{{Name: "metrics", ContainerPort: 1}}},
		{Ports: []corev1.ContainerPort{{Name: "s3", ContainerPort: 7000}}},
	}}}
	for address, want := range map[string]int32{"x.y.svc:80": 9000, "x.y.svc:7070": 7000} {
		if got, err := podPort(service, pod, address); err != nil || got != want {
			t.Errorf("%s: port %d, %v; want %d", address, got, err, want)
		}
	}
	for _, address := range []string{"x.y.svc:81", "x.y.svc:82"} {
		var invalid *api.InvalidSpecError
		if _, err := podPort(service, pod, address); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheAPIServersOwnAnswerCountsWhenBothWaysFail(t *testing.T) {
	t.Parallel()
	second := errors.New("unable to upgrade connection: forbidden")
	forbidden := apierrors.NewForbidden(corev1.Resource("pods/portforward"), "store", errors.New("no right"))
	for name, c := range map[string]struct{ first, want error }{
		"an answer":                {&httpstream.UpgradeFailureError{Cause: forbidden}, forbidden},
		"no answer of its own":     {&httpstream.UpgradeFailureError{Cause: errors.New("bad handshake")}, second},
		"no attempt by websockets": {nil, second},
	} {
		if got := answerOf(c.first, second); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
