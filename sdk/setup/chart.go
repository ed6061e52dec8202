package setup

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/kubevast/vast/internal/helm"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// The chart that Kueue's project released; the digest is that of its manifest.
const (
	chartRepository = "registry.k8s.io/kueue/charts/kueue"
	chartDigest     = "sha256:46769c995dc7a71cb2ed05797e3f017cea13e440c4ff74d1add35e573f97029d"
)

// embedded holds Kueue's chart, packed from the module that go.mod names.
//
//go:embed kueue-*.tgz
var embedded embed.FS

func embeddedChart() []byte {
	data, err := embedded.ReadFile("kueue-" + kube.KueueVersion + ".tgz")
	if err != nil {
		panic("setup: the embedded chart is of another version: " + err.Error())
	}
	return data
}

// loadChart gets Kueue's chart: from its registry if from is empty, from this
// program if it is kube.ChartEmbedded, and from a folder or archive otherwise.
func loadChart(ctx context.Context, from string) (*helm.Chart, error) {
	var (
		chart *helm.Chart
		err   error
	)
	switch from {
	case "":
		if chart, err = pullChart(ctx); err != nil {
			return nil, err
		}
	case kube.ChartEmbedded:
		if chart, err = helm.ReadChart(embeddedChart()); err != nil {
			panic("setup: the embedded chart cannot be read: " + err.Error())
		}
	default:
		if chart, err = helm.LoadChart(from); err != nil {
			return nil, api.InvalidOption("KueueChart", "%s is no chart that can be read: %s; name a chart's folder or archive, or %q",
				from, text.Line(err.Error()), kube.ChartEmbedded)
		}
	}
	if chart.Metadata.Name != "kueue" {
		return nil, api.InvalidOption("KueueChart", "%s is the chart of %s, not of Kueue", from, chart.Metadata.Name)
	}
	if v := strings.TrimPrefix(chart.Metadata.Version, "v"); v != kube.KueueVersion {
		return nil, api.InvalidOption("KueueChart", "%s is the chart of Kueue %s; %s is needed", from, v, kube.KueueVersion)
	}
	return chart, nil
}

func pullChart(ctx context.Context) (*helm.Chart, error) {
	ref := chartRepository + ":" + kube.KueueVersion
	chart, err := helm.PullChart(ctx, ref, chartDigest)
	if err == nil {
		return chart, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	useEmbedded := []api.Remedy{{Options: []string{"KueueChart=" + kube.ChartEmbedded}, Purpose: "install the chart in this program"}}
	if errors.As(err, new(*helm.DigestError)) {
		return nil, &api.ConflictError{Cause: err, Remedies: useEmbedded,
			Message: fmt.Sprintf("%v, so it is not the chart that Kueue's project released; nothing of Kueue was installed", err)}
	}
	return nil, &api.UnavailableError{Cause: err, Remedies: useEmbedded,
		Message: fmt.Sprintf("cannot fetch Kueue's chart from %s: %s", ref, text.Line(err.Error()))}
}
