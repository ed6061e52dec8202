package access

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// Classify turns the failure of one request into one of the SDK's errors.
// verb and resource name what was tried ("create", "jobs.batch"). Errors that
// are the SDK's already, and the end of the caller's own context, are
// returned as they are.
func (c *Conn) Classify(err error, verb, resource string) error {
	if err == nil || isOurs(err) || errors.Is(err, context.Canceled) {
		return err
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return c.classifyStatus(err, status.Status(), verb, resource)
	}
	return c.unreachable(err)
}

func isOurs(err error) bool {
	for _, is := range []func(error) bool{
		isA[*api.InvalidSpecError], isA[*api.NotSupportedError], isA[*api.NotFoundError], isA[*api.ForbiddenError], isA[*api.ConflictError],
		isA[*api.NotInstalledError], isA[*api.UnavailableError], isA[*api.TimedOutError], isA[*api.TaskFailedError],
	} {
		if is(err) {
			return true
		}
	}
	return false
}

func isA[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

func (c *Conn) classifyStatus(err error, status metav1.Status, verb, resource string) error {
	switch {
	case apierrors.IsUnauthorized(err):
		return &api.ForbiddenError{Message: c.unauthorized(fmt.Sprintf(" (to %s %s)", verb, resource)), Cause: err}
	case apierrors.IsForbidden(err):
		return c.forbidden(err, status.Message, verb, resource)
	case apierrors.IsNotFound(err):
		return c.notFound(status, resource)
	case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
		return &api.ConflictError{Message: status.Message, Cause: err}
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return invalid(status)
	case apierrors.IsRequestEntityTooLargeError(err):
		return api.Invalid("", "it is too large for the cluster: %s; put what is large into the image or a volume", text.Line(status.Message))
	default:
		return &api.UnavailableError{Cause: err, Message: fmt.Sprintf(
			"the cluster at %s cannot %s %s at the moment: %s; try again", c.Server(), verb, resource, text.Line(status.Message))}
	}
}

func (c *Conn) notFound(status metav1.Status, resource string) error {
	if status.Details == nil {
		return &api.NotFoundError{Kind: resource, Name: "", Hint: text.Line(status.Message)}
	}
	if status.Details.Kind == "namespaces" {
		return c.NamespaceNotFound(status.Details.Name)
	}
	return &api.NotFoundError{Kind: resource, Name: status.Details.Name, Namespace: c.Namespace}
}

// NamespaceNotFound returns the error for a namespace that does not exist.
func (c *Conn) NamespaceNotFound(name string) error {
	return &api.NotFoundError{Kind: "namespace", Name: name, Remedies: []api.Remedy{
		{Action: api.KubectlAction("create namespace"), Ref: name, Namespace: "*"}, {Options: []string{"Namespace"}, Purpose: "name another one"}}}
}

var (
	rbacDenied    = regexp.MustCompile(`User "([^"]*)" cannot (\S+) resource "([^"]*)" in API group "([^"]*)"`)
	deniedIn      = regexp.MustCompile(`in the namespace "([^"]*)"`)
	quotaExceeded = regexp.MustCompile(`exceeded quota: (.*)$`)
)

// forbidden returns the error for the three things that the API server answers with
// 403: a missing right, a full quota, and the refusal of an admission plug-in.
func (c *Conn) forbidden(cause error, message, verb, resource string) error {
	if m := quotaExceeded.FindStringSubmatch(message); m != nil {
		return &api.ForbiddenError{Cause: cause, Message: fmt.Sprintf(
			"namespace %q has no quota left to %s %s: %s; wait, delete finished tasks, or request more quota", c.Namespace, verb, resource, text.Line(m[1]))}
	}
	m := rbacDenied.FindStringSubmatch(message)
	if m == nil {
		return &api.ForbiddenError{Cause: cause, Message: fmt.Sprintf("the cluster refuses to %s %s: %s", verb, resource, text.Line(message))}
	}
	resource, sub, isSub := strings.Cut(m[3], "/")
	what, asked := m[3], resource
	if m[4] != "" {
		what, asked = what+"."+m[4], asked+"."+m[4]
	}
	if isSub {
		asked += "/" + sub
	}
	namespace := c.Namespace
	if in := deniedIn.FindStringSubmatch(message); in != nil {
		namespace = in[1]
	}
	scope := fmt.Sprintf("in namespace %q", namespace)
	if strings.Contains(message, "at the cluster scope") {
		scope, namespace = "in the whole cluster", ""
	}
	right := fmt.Sprintf("%s %s %s", m[2], what, scope)
	return &api.ForbiddenError{Cause: cause, Right: right, Remedies: []api.Remedy{CanI(m[2], asked, "", namespace)},
		Message: fmt.Sprintf("user %q may not %s; ask an administrator for a role with that verb", m[1], right)}
}

// unauthorized returns the message for credentials that are not accepted. An expired
// client certificate is by far the most frequent reason, and the API server does not
// name it. what is what was tried.
func (c *Conn) unauthorized(what string) string {
	msg := fmt.Sprintf("the cluster at %s does not accept your credentials%s", c.Server(), what)
	if end, ok := c.clientCertificateEnd(); ok && time.Now().After(end) {
		return fmt.Sprintf("%s: the client certificate expired on %s; get a new kubeconfig", msg, end.Format(time.DateOnly))
	}
	return msg + "; log in again or get a new kubeconfig"
}

func (c *Conn) clientCertificateEnd() (time.Time, bool) {
	data := c.Config.CertData
	if len(data) == 0 && c.Config.CertFile != "" {
		data, _ = os.ReadFile(c.Config.CertFile) // no certificate, no date
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return time.Time{}, false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, false
	}
	return cert.NotAfter, true
}

// invalid turns the API server's 422 into our form of a bad file.
func invalid(status metav1.Status) error {
	if status.Details == nil || len(status.Details.Causes) == 0 {
		return api.Invalid("", "the cluster refuses it: %s", text.Line(status.Message))
	}
	out := &api.InvalidSpecError{}
	for _, cause := range status.Details.Causes {
		out.Problems = append(out.Problems, api.Problem{Path: cause.Field, Message: text.Line(cause.Message)})
	}
	return out
}

// unreachable returns the error for a cluster that gave no HTTP answer.
func (c *Conn) unreachable(err error) error {
	var (
		authority *x509.UnknownAuthorityError
		verify    *tls.CertificateVerificationError
		expired   x509.CertificateInvalidError
		host      x509.HostnameError
		dns       *net.DNSError
		timeout   interface{ Timeout() bool }
		wrapped   *url.Error
	)
	why := err.Error()
	if errors.As(err, &wrapped) {
		why = wrapped.Err.Error()
	}
	switch {
	case errors.As(err, &expired) && expired.Reason == x509.Expired:
		why = fmt.Sprintf("the server's certificate expired on %s", expired.Cert.NotAfter.Format(time.DateOnly))
	case errors.As(err, &authority), errors.As(err, &verify), errors.As(err, &host):
		why = "the server's certificate is not trusted: " + why
	case strings.Contains(why, "expired certificate"):
		// A TLS alert of the server is about the client's certificate.
		return &api.UnavailableError{Message: c.unauthorized(""), Cause: err}
	case errors.As(err, &dns) && dns.IsNotFound:
		why = "no such host"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		why = "no answer"
	}
	return &api.UnavailableError{Cause: err, Remedies: []api.Remedy{{Options: []string{"Context"}, Purpose: "name another cluster"}},
		Message: fmt.Sprintf("cannot reach the cluster at %s: %s; check your network", c.Server(), text.Line(redact.Text(why)))}
}
