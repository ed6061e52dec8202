package store

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
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
		var invalid *api.InvalidSpec
		if _, err := podPort(service, pod, address); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestWhatAStoreSaysBecomesOneOfOurErrors(t *testing.T) {
	t.Parallel()
	s := &Store{Endpoint: "https://s3.example.com", Bucket: "results"}
	for name, c := range map[string]struct {
		err  error
		want error
		says string
	}{
		"no such bucket":                     {minio.ErrorResponse{Code: "NoSuchBucket", StatusCode: http.StatusNotFound}, &api.NotFound{}, "--store-bucket"},
		"an unknown key":                     {minio.ErrorResponse{Code: "InvalidAccessKeyId", StatusCode: http.StatusForbidden}, &api.Forbidden{}, "does not accept the credentials"},
		"a key that versitygw does not know": {minio.ErrorResponse{Code: "XAdminUserNotFound", StatusCode: http.StatusNotFound}, &api.Forbidden{}, "does not accept the credentials"},
		"a wrong key":                        {minio.ErrorResponse{Code: "SignatureDoesNotMatch", StatusCode: http.StatusForbidden}, &api.Forbidden{}, "does not accept the credentials"},
		"a missing right":                    {minio.ErrorResponse{Code: "AccessDenied", StatusCode: http.StatusForbidden}, &api.Forbidden{}, `may not put an object into bucket "results"`},
		"an overload":                        {minio.ErrorResponse{Code: "SlowDown", StatusCode: http.StatusServiceUnavailable, Message: "reduce\nyour rate"}, &api.Unavailable{}, "reduce your rate"},
		"no answer":                          {context.DeadlineExceeded, &api.Unavailable{}, "deadline exceeded"},
		"TLS where there is none":            {errors.New("http: server gave HTTP response to HTTPS client"), &api.InvalidSpec{}, "speaks http, not https"},
		"an error of the way there":          {&api.Forbidden{Message: "no right to forward ports"}, &api.Forbidden{}, "no right to forward ports"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.failed(t.Context(), "put an object into", c.err)
			if !sameKind(got, c.want) || !strings.Contains(got.Error(), c.says) || strings.Contains(got.Error(), "\n") {
				t.Errorf("%T %v", got, got)
			}
		})
	}
	t.Run("the end of the caller's own context stays what it is", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.failed(ctx, "list", errors.New("something broke")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
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
		if got := answerOf(c.first, second); got != c.want { //nolint:errorlint // the very one
			t.Errorf("%s: %v", name, got)
		}
	}
}

func sameKind(got, want error) bool {
	switch want.(type) {
	case *api.NotFound:
		return errors.As(got, new(*api.NotFound))
	case *api.Forbidden:
		return errors.As(got, new(*api.Forbidden))
	case *api.InvalidSpec:
		return errors.As(got, new(*api.InvalidSpec))
	}
	return errors.As(got, new(*api.Unavailable))
}

func TestASecretThatCannotBeRightIsRefused(t *testing.T) {
	t.Parallel()
	whole := Config{Endpoint: "http://s3.example.com:9000", Bucket: "results", AccessKey: "me", SecretKey: "sesame-open"}
	if _, err := connect(nil, whole); err != nil {
		t.Errorf("a complete one: %v", err)
	}
	for name, change := range map[string]func(*Config){
		"no endpoint":      func(c *Config) { c.Endpoint = "" },
		"no scheme":        func(c *Config) { c.Endpoint = "s3.example.com:9000" },
		"another scheme":   func(c *Config) { c.Endpoint = "s3://results" },
		"a path":           func(c *Config) { c.Endpoint += "/results" },
		"a password in it": func(c *Config) { c.Endpoint = "http://me:sesame-open@s3.example.com" },
		"no bucket":        func(c *Config) { c.Bucket = "" },
		"no access key":    func(c *Config) { c.AccessKey = "" },
		"no secret key":    func(c *Config) { c.SecretKey = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := whole
			change(&c)
			_, err := connect(nil, c)
			if !errors.As(err, new(*api.InvalidSpec)) {
				t.Fatalf("%T %v", err, err)
			}
			if strings.Contains(err.Error(), c.SecretKey) && c.SecretKey != "" {
				t.Errorf("a credential is shown: %v", err)
			}
		})
	}
}
