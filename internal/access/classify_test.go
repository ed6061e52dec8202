package access

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/sdk/api"
)

func TestClassify(t *testing.T) {
	jobs := schema.GroupResource{Group: "batch", Resource: "jobs"}
	tests := map[string]struct {
		err  error
		kind any
		says []string
	}{
		"a missing right names user, verb and resource": {
			apierrors.NewForbidden(jobs, "", errors.New(`User "bob" cannot create resource "jobs" in API group "batch" in the namespace "lab"`)),
			&api.ForbiddenError{}, []string{`user "bob" may not create jobs.batch in namespace "lab"`, "kubectl auth can-i create jobs.batch in lab"}},
		"a missing right elsewhere names that namespace": {
			apierrors.NewForbidden(jobs, "", errors.New(`User "bob" cannot list resource "jobs" in API group "batch" in the namespace "kueue-system"`)),
			&api.ForbiddenError{}, []string{`in namespace "kueue-system"`, "kubectl auth can-i list jobs.batch in kueue-system"}},
		"an object that is too large": {
			apierrors.NewRequestEntityTooLargeError("limit is 3145728"), &api.InvalidSpecError{}, []string{"too large", "3145728"}},
		"a right in the whole cluster": {
			apierrors.NewForbidden(jobs, "", errors.New(`User "bob" cannot list resource "jobs" in API group "batch" at the cluster scope`)),
			&api.ForbiddenError{}, []string{"in the whole cluster", "can-i list jobs.batch in *"}},
		"a full quota is not a missing right": {
			apierrors.NewForbidden(jobs, "x", errors.New("exceeded quota: small, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0")),
			&api.ForbiddenError{}, []string{"no quota left", "small, requested: count/jobs.batch=1"}},
		"an admission's no": {
			apierrors.NewForbidden(jobs, "x", errors.New("violates policy no-latest-tag")),
			&api.ForbiddenError{}, []string{"the cluster refuses to create jobs.batch", "no-latest-tag"}},
		"credentials that are not accepted": {
			apierrors.NewUnauthorized("Unauthorized"), &api.ForbiddenError{}, []string{"does not accept your credentials (to create jobs.batch)", "log in again"}},
		"a namespace that does not exist": {
			apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "lab"), &api.NotFoundError{}, []string{`namespace "lab" not found`, "kubectl create namespace lab in *"}},
		"an object that is there": {
			apierrors.NewAlreadyExists(jobs, "x"), &api.ConflictError{}, []string{"already exists"}},
		"an invalid object, by field": {
			apierrors.NewInvalid(schema.GroupKind{Kind: "Job"}, "x", field.ErrorList{field.Invalid(field.NewPath("spec", "completions"), -1, "must be positive")}),
			&api.InvalidSpecError{}, []string{"spec.completions", "must be positive"}},
		"too many requests": {
			apierrors.NewTooManyRequests("slow down", 1), &api.UnavailableError{}, []string{"slow down", "try again"}},
		"a webhook that is away": {
			apierrors.NewInternalError(errors.New("failed calling webhook")), &api.UnavailableError{}, []string{"failed calling webhook"}},
		"a refused connection": {
			&url.Error{Op: "Get", URL: "https://x", Err: &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}},
			&api.UnavailableError{}, []string{"cannot reach the cluster at https://x", "refused"}},
		"no answer": {
			&url.Error{Op: "Get", URL: "https://x", Err: context.DeadlineExceeded}, &api.UnavailableError{}, []string{"no answer"}},
		"an unknown host": {
			&url.Error{Op: "Get", URL: "https://x", Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}},
			&api.UnavailableError{}, []string{"no such host"}},
	}
	conn := &Conn{Config: &rest.Config{Host: "https://x"}, Namespace: "lab"}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := conn.Classify(tc.err, "create", "jobs.batch")
			if !sameType(got, tc.kind) {
				t.Fatalf("Classify gave a %T (%v), want a %T", got, got, tc.kind)
			}
			if strings.Contains(got.Error(), "\n") {
				t.Errorf("the message has several lines: %q", got)
			}
			all := got.Error()
			for _, r := range api.Remedies(got) {
				all += "\n" + strings.TrimSpace(string(r.Action)+" "+r.Ref) + " in " + r.Namespace
			}
			for _, want := range tc.says {
				if !strings.Contains(all, want) {
					t.Errorf("the error %q does not have %q", all, want)
				}
			}
		})
	}
}

func sameType(err error, kind any) bool {
	switch kind.(type) {
	case *api.ForbiddenError:
		return isA[*api.ForbiddenError](err)
	case *api.NotFoundError:
		return isA[*api.NotFoundError](err)
	case *api.ConflictError:
		return isA[*api.ConflictError](err)
	case *api.InvalidSpecError:
		return isA[*api.InvalidSpecError](err)
	case *api.UnavailableError:
		return isA[*api.UnavailableError](err)
	}
	return false
}

func TestClassifyLeavesAlone(t *testing.T) {
	conn := &Conn{Config: &rest.Config{}}
	for _, err := range []error{nil, context.Canceled, api.Invalid("x", "y"), &api.ConflictError{Message: "z"}} {
		if got := conn.Classify(err, "get", "jobs"); !errors.Is(got, err) {
			t.Errorf("Classify(%v) = %v", err, got)
		}
	}
}
