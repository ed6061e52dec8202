package cluster

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
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

// releasedImage is the image that an earlier setup was asked to install Kueue
// with, as its Helm release says, which lies where administrators write; empty
// when it was asked for none.
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

// kueueValues are the chart's own but for the image, which the chart takes from
// a registry for builds under test, and for the probe, whose period is counted
// from its delay. On somebody's own machine Kueue asks for little.
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

// missingKueueNamespace makes Kueue's namespace with our label, unless somebody
// has made it already: then it stays without, and a cleanup leaves it. One that
// is just being deleted is waited for.
func (c *Client) missingKueueNamespace(ctx context.Context) (string, error) {
	namespaces := c.conn.Kube.CoreV1().Namespaces()
	_, err := namespaces.Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: kueueNamespace, Labels: labelsOf(componentQueue)},
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
