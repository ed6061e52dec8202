package cluster

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
)

// checkChart finds a wrong KueueChart before anything is asked or done.
func checkChart(from string) error {
	if from == "" || from == kube.ChartEmbedded {
		return nil
	}
	info, err := os.Stat(from)
	switch {
	case err != nil:
		return api.InvalidOption("KueueChart", "%s: %v; name a chart's folder or archive, or %q", from, reason(err), kube.ChartEmbedded)
	case !info.IsDir() && !info.Mode().IsRegular(): // Helm would wait for a pipe
		return api.InvalidOption("KueueChart", "%s is neither a folder nor an ordinary file; name a chart's folder or archive, or %q", from, kube.ChartEmbedded)
	}
	return nil
}

func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// splitImage cuts an image, which has a tag, a digest or both, where the chart
// joins it again with a colon: "registry/name" and "v1", or "registry/name@sha256"
// and the digest's digits.
func splitImage(image string) (repository, tag string) {
	i := strings.LastIndexByte(image, ':')
	return image[:i], image[i+1:]
}

// releasedImage is the image that an earlier setup was given to install Kueue
// with, from its Helm release, which only administrators can write; empty if
// none was given.
func releasedImage(r *release) string {
	if r == nil || !r.Ours {
		return ""
	}
	repository, tag := r.value("controllerManager", "manager", "image", "repository"), r.value("controllerManager", "manager", "image", "tag")
	if repository == "" || tag == "" || strings.HasPrefix(repository+"@", kueueRepository+"@") || strings.HasPrefix(repository, kueueRepository+":") {
		return ""
	}
	return repository + ":" + tag
}

// kueueValues are the chart's defaults but for the image, which the chart takes
// from a registry for builds under test, and for the probe, whose period is
// counted from its delay. On a single computer Kueue requests few resources.
func kueueValues(image string, small bool) map[string]any {
	repository, tag := splitImage(cmp.Or(image, kueueImage))
	manager := map[string]any{"image": map[string]any{
		"repository": repository, "tag": tag, "pullPolicy": string(corev1.PullIfNotPresent)}}
	if small {
		manager["resources"] = map[string]any{
			"requests": map[string]any{"cpu": "100m", "memory": "128Mi"},
			"limits":   map[string]any{"cpu": "2", "memory": "512Mi"},
		}
	}
	return map[string]any{"controllerManager": map[string]any{
		"manager":        manager,
		"readinessProbe": map[string]any{"initialDelaySeconds": 1, "periodSeconds": 2},
	}}
}

// installKueue installs Kueue, or completes or changes what an earlier setup
// installed.
func (c *Client) installKueue(ctx context.Context, r *run, p *plan) error {
	err := c.installer.Install(ctx, c.conn.Config, kueueNamespace, kueueRelease, p.kueueChart, kueueValues(p.kueueImage, p.config.Small))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case api.IsInvalidSpec(err), api.IsConflict(err), api.IsUnavailable(err): // of the chart
		return err
	}
	return c.conn.Classify(fmt.Errorf("install Kueue: %w", err), "create", "what Kueue needs")
}

// missingKueueNamespace makes Kueue's namespace with our label. An existing one
// stays without the label, so that a cleanup keeps it. One that is being
// deleted is waited for.
func (c *Client) missingKueueNamespace(ctx context.Context) (string, error) {
	namespaces := c.conn.Kube.CoreV1().Namespaces()
	_, err := namespaces.Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: kueueNamespace, Labels: desired.Labels(desired.ComponentQueue)},
	}, metav1.CreateOptions{FieldManager: fieldManager})
	if !isThere(err) {
		return "", c.conn.Classify(err, "create", "namespaces")
	}
	there, err := namespaces.Get(ctx, kueueNamespace, metav1.GetOptions{})
	if err == nil && there.DeletionTimestamp == nil {
		return "", nil
	}
	if err != nil && !isAbsent(err) {
		return "", c.conn.Classify(err, "get", "namespaces")
	}
	return "the old one is being deleted", nil
}

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

// release is the state of a Helm release.
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
