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

	"github.com/kubevast/vast/internal/helm"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// chartEmbedded is the value of KueueChart for the chart in this program.
const chartEmbedded = "embedded"

// embeddedChart is Kueue's chart, packed from the module that go.mod names.
//
//go:embed kueue/kueue-0.16.1.tgz
var embeddedChart []byte

// findRelease returns the Helm release of Kueue; nil when there is none, or
// when it may not be read: then it is not for us to change.
func (c *Client) findRelease(ctx context.Context) (*helm.Release, error) {
	client, err := helm.New(c.conn.Config, kueueNamespace)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := client.Find(kueueRelease)
	return r, c.conn.Classify(err, "list", "secrets")
}

// loadChart gets Kueue's chart from where the options say.
func loadChart(ctx context.Context, from string) (*helm.Chart, error) {
	var (
		chart *helm.Chart
		err   error
	)
	switch from {
	case "":
		ref := kueueChart + ":" + kube.KueueVersion
		if chart, err = helm.PullChart(ctx, ref, kueueChartDigest); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if errors.As(err, new(*helm.DigestError)) {
				return nil, &api.ConflictError{Message: fmt.Sprintf("%v, so it is not the chart that Kueue's project released; "+
					"nothing of Kueue was installed. --kueue-chart=embedded takes the chart in this program", err)}
			}
			return nil, &api.UnavailableError{Cause: err, Message: fmt.Sprintf(
				"Kueue's chart cannot be fetched from %s: %s; without a way to it give --kueue-chart=embedded, which takes the chart in this program",
				ref, text.Line(err.Error()))}
		}
	case chartEmbedded:
		if chart, err = helm.ReadChart(embeddedChart); err != nil {
			panic("cluster: the embedded chart cannot be read: " + err.Error())
		}
	default:
		if chart, err = helm.LoadChart(from); err != nil {
			return nil, api.Invalid("--kueue-chart", "%s is no chart that can be read: %s; name a chart's folder or archive, or %q", from, text.Line(err.Error()), chartEmbedded)
		}
	}
	if chart.Metadata.Name != "kueue" {
		return nil, api.Invalid("--kueue-chart", "%s is the chart of %s, not of Kueue", from, chart.Metadata.Name)
	}
	if v := strings.TrimPrefix(chart.Metadata.Version, "v"); v != kube.KueueVersion {
		return nil, api.Invalid("--kueue-chart", "%s is the chart of Kueue %s; %s is needed", from, v, kube.KueueVersion)
	}
	return chart, nil
}

// checkChart finds a wrong --kueue-chart before anything is asked or done.
func checkChart(from string) error {
	if from == "" || from == chartEmbedded {
		return nil
	}
	info, err := os.Stat(from)
	switch {
	case err != nil:
		return api.Invalid("--kueue-chart", "%s: %v; name a chart's folder or archive, or %q", from, reason(err), chartEmbedded)
	case !info.IsDir() && !info.Mode().IsRegular(): // Helm would wait for a pipe
		return api.Invalid("--kueue-chart", "%s is neither a folder nor an ordinary file; name a chart's folder or archive, or %q", from, chartEmbedded)
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
func releasedImage(r *helm.Release) string {
	if r == nil || !r.Ours {
		return ""
	}
	repository, tag := r.Value("controllerManager", "manager", "image", "repository"), r.Value("controllerManager", "manager", "image", "tag")
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
	chart, err := loadChart(ctx, p.kueueChart)
	if err != nil {
		return err
	}
	values := kueueValues(p.kueueImage, p.config.Small)
	client, err := helm.New(c.conn.Config, kueueNamespace)
	if err != nil {
		return err
	}
	if _, err := client.Ensure(ctx, kueueRelease, chart, values); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return c.conn.Classify(fmt.Errorf("install Kueue: %w", err), "create", "what Kueue needs")
	}
	return nil
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
