package doctor

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// endsSoon is how long before its end the certificate of the store is warned of.
// `cluster setup` renews it in its last year.
const endsSoon = 180 * 24 * time.Hour

const checkSecrets = "store secrets"

// storeSecrets looks at what readers and writers of the store hold.
func (c *Client) storeSecrets(ctx context.Context, _ api.DoctorOptions) []api.Check {
	get := func(name string) (*corev1.Secret, error) {
		s, err := c.conn.Kube.CoreV1().Secrets(c.conn.Namespace).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, nil // absence is no error here
		}
		return s, c.conn.Classify(err, "get", "secrets")
	}
	writer, err := get(kube.StoreName)
	if err != nil {
		return one(skippedBy(checkSecrets, err))
	}
	reader, err := get(kube.StoreReaderName)
	if err != nil {
		return one(skippedBy(checkSecrets, err))
	}
	return judgeSecrets(c.conn.Namespace, writer, reader, time.Now())
}

// judgeSecrets is storeSecrets of two Secrets, of which either may be nil.
// Without a store it reports nothing: the check of the store does.
func judgeSecrets(namespace string, writer, reader *corev1.Secret, now time.Time) []api.Check {
	if writer == nil {
		return nil
	}
	endpoint, err := url.Parse(string(writer.Data[kube.StoreEndpoint]))
	if err != nil {
		return nil // the check of the store reports it
	}
	var checks []api.Check
	add := func(fix string, r api.Remedy, format string, args ...any) {
		checks = append(checks, warning(checkSecrets, fmt.Sprintf(format, args...), fix, r))
	}
	builtIn := strings.HasPrefix(endpoint.Hostname(), kube.StoreName+"."+namespace+".")
	switch {
	case reader == nil:
		add("set up again", setup, "there is no Secret %s, so who reads results holds the key to change them", kube.StoreReaderName)
	case bytes.Equal(reader.Data[kube.StoreAccessKey], writer.Data[kube.StoreAccessKey]):
		add("readers need an account that may only list and get", api.Remedy{Action: api.ClusterSetup, Options: []string{"StoreReaderSecret=NAME"}},
			"the Secrets %s and %s hold the same credentials, so who reads results can change them", kube.StoreReaderName, kube.StoreName)
	}
	if builtIn && endpoint.Scheme != "https" {
		add("set up again with TLS", api.Remedy{Action: api.ClusterSetup, Options: []string{"StoreTLS"}}, "the store at %s is reached in the clear", endpoint.Host)
	}
	for _, s := range []*corev1.Secret{writer, reader} {
		if s == nil || len(s.Data[kube.StoreCA]) == 0 || endpoint.Scheme != "https" {
			continue
		}
		fix := "set up again"
		if !builtIn {
			fix = "put new ones into the Secret that set-up reads, and set up again"
		}
		switch end, ok := lastEnd(s.Data[kube.StoreCA]); {
		case !ok:
			add(fix, setup, "%s in Secret %s holds no certificate", kube.StoreCA, s.Name)
		case !end.After(now):
			add(fix, setup, "the certificates in Secret %s have ended on %s", s.Name, end.Format(time.DateOnly))
		case !end.After(now.Add(endsSoon)):
			add(fix, setup, "the certificates in Secret %s end on %s", s.Name, end.Format(time.DateOnly))
		}
	}
	if len(checks) == 0 {
		return one(ok(checkSecrets, "readers and writers have accounts of their own"))
	}
	return checks
}

// lastEnd is when the last of some certificates ends.
func lastEnd(text []byte) (end time.Time, ok bool) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, false
		}
		if c.NotAfter.After(end) {
			end, ok = c.NotAfter, true
		}
	}
	return end, ok
}
