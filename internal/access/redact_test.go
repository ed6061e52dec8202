package access

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
)

// A kubeconfig may have a login in the server's URL or in that of a proxy.
func TestNoErrorContainsALogin(t *testing.T) {
	t.Parallel()
	c := &Conn{Config: &rest.Config{Host: "https://ann:s3cret@cluster.example.com"}, Namespace: "lab"}
	for name, err := range map[string]error{
		"of the server": &url.Error{Op: "Get", URL: "https://ann:s3cret@cluster.example.com", Err: errors.New("EOF")},
		"of a proxy":    &url.Error{Op: "Get", URL: "https://x", Err: errors.New(`parse "http://me:s3cret@proxy:x": invalid port`)},
		"at a refusal":  apierrors.NewUnauthorized("Unauthorized"),
		"at a failure":  apierrors.NewInternalError(errors.New("failed calling webhook")),
	} {
		got := c.Classify(err, "list", "jobs.batch").Error()
		if strings.Contains(got, "s3cret") || !strings.Contains(got, "cluster.example.com") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
