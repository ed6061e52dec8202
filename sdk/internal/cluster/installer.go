package cluster

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Installer installs and removes Kueue by its Helm chart. setup.Helm is one.
type Installer interface {
	// Install brings a release to a chart and values: it installs or upgrades it,
	// completes one that was cut short, and does nothing where it is as it should
	// be. chart is SetupOptions.KueueChart. It does not wait until the pods run.
	Install(ctx context.Context, cfg *rest.Config, namespace, release, chart string, values map[string]any) error
	// Uninstall removes a release with all its objects. One that does not exist is
	// no error.
	Uninstall(ctx context.Context, cfg *rest.Config, namespace, release string) error
}

// needsInstaller returns an error if the client has no installer.
func (c *Client) needsInstaller(what string) error {
	if c.installer != nil {
		return nil
	}
	return &api.NotSupportedError{Message: "this program cannot " + what + " Kueue: its client has no installer; " +
		"import github.com/kubevast/vast/sdk/setup and pass sdk.WithInstaller(setup.Helm())"}
}

// release is a Helm release as it stands.
type release struct {
	Name, Version string
	// Deployed is false for one that failed or was cut short.
	Deployed bool
	// Ours: setup made it.
	Ours bool

	values map[string]any
}

// findRelease returns the newest Helm release of Kueue; nil when there is none. It
// reads the Secrets in which Helm stores releases, so that status and cleanup need
// no Helm.
func (c *Client) findRelease(ctx context.Context) (*release, error) {
	list, err := c.conn.Kube.CoreV1().Secrets(kueueNamespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=" + kueueRelease})
	if err != nil {
		return nil, c.conn.Classify(err, "list", "secrets")
	}
	slices.SortFunc(list.Items, func(a, b corev1.Secret) int { return cmp.Compare(revision(&b), revision(&a)) })
	for i := range list.Items {
		if r, status, err := parseRelease(&list.Items[i]); err == nil { // Helm passes over what it cannot read, too
			if status == "uninstalled" {
				return nil, nil // absence is no error here
			}
			return r, nil
		}
	}
	return nil, nil // absence is no error here
}

// revision returns the number of a release's revision, by its label.
func revision(s *corev1.Secret) int {
	n, _ := strconv.Atoi(s.Labels["version"])
	return n
}

// maxRelease bounds a release that is unpacked: a Secret has 1 MiB at most.
const maxRelease = 64 << 20

// parseRelease reads a release as Helm 3 stores it: JSON, packed by gzip, in Base64.
// It returns Helm's status of it, too.
func parseRelease(s *corev1.Secret) (*release, string, error) {
	packed, err := base64.StdEncoding.DecodeString(string(s.Data["release"]))
	if err != nil {
		return nil, "", err
	}
	data := packed
	if bytes.HasPrefix(packed, []byte{0x1f, 0x8b, 0x08}) { // Helm's oldest releases are not packed
		unpacked, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, "", err
		}
		if data, err = io.ReadAll(io.LimitReader(unpacked, maxRelease)); err != nil {
			return nil, "", err
		}
	}
	var stored struct {
		Name string
		Info struct{ Status string }
		// Of the chart only its metadata is read.
		Chart  struct{ Metadata struct{ Version string } }
		Config map[string]any
	}
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, "", fmt.Errorf("the Helm release in Secret %q cannot be read: %w", s.Name, err)
	}
	return &release{Name: stored.Name, Version: stored.Chart.Metadata.Version, Deployed: stored.Info.Status == "deployed",
		Ours: s.Labels[kube.LabelRelease] == kube.LabelReleaseSetup, values: stored.Config}, stored.Info.Status, nil
}

// value returns the text that a release was given for a value of its chart, by
// the names on the way to it; empty when it was given none, or r is nil.
func (r *release) value(path ...string) string {
	if r == nil {
		return ""
	}
	values := r.values
	for _, name := range path[:len(path)-1] {
		values, _ = values[name].(map[string]any)
	}
	text, _ := values[path[len(path)-1]].(string)
	return text
}
