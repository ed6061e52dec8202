package helm

import (
	"bytes"
	"context"
	"fmt"

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

// DigestError is returned for a chart that is not the one that was asked for.
type DigestError struct{ Ref, Digest, Wanted string }

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s has the digest %s, not %s", e.Ref, e.Digest, e.Wanted)
}

// PullChart fetches a chart from an OCI registry; ref is "host/path:version", and
// digest that of its manifest, which holds those of all that the chart consists
// of. Another one is *DigestError. The proxy of the environment and the logins of
// Docker and Helm are used.
func PullChart(ctx context.Context, ref, digest string, options ...registry.ClientOption) (*Chart, error) {
	client, err := registry.NewClient(options...)
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
		if got := r.pulled.Manifest.Digest; got != digest {
			return nil, &DigestError{Ref: ref, Digest: got, Wanted: digest}
		}
		return ReadChart(r.pulled.Chart.Data)
	}
}
