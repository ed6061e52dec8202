package helm

import (
	"bytes"
	"context"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/registry"
)

// Chart is a chart in memory.
type Chart = chart.Chart

// ReadChart reads a chart of an archive's bytes.
func ReadChart(archive []byte) (*Chart, error) { return loader.LoadArchive(bytes.NewReader(archive)) }

// LoadChart reads a chart of an archive or a folder.
func LoadChart(path string) (*Chart, error) { return loader.Load(path) }

// PullChart fetches a chart from an OCI registry; ref is "host/path:version".
// The proxy of the environment and the logins of Docker and Helm are used.
func PullChart(ctx context.Context, ref string) (*Chart, error) {
	client, err := registry.NewClient()
	if err != nil {
		return nil, err
	}
	type result struct {
		pulled *registry.PullResult
		err    error
	}
	done := make(chan result, 1)
	go func() { // Helm's client cannot be interrupted
		pulled, err := client.Pull(ref, registry.PullOptWithChart(true))
		done <- result{pulled, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		if r.err != nil {
			return nil, r.err
		}
		return ReadChart(r.pulled.Chart.Data)
	}
}
