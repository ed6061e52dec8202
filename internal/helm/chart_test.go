package helm

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/registry"
)

func digestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// serve is an OCI registry that has one chart, and returns its address and the
// digest of the chart's manifest.
func serve(t *testing.T) (ref, digest string) {
	t.Helper()
	path, err := chartutil.Save(&chart.Chart{Metadata: &chart.Metadata{APIVersion: "v2", Name: "kueue", Version: "0.16.1"}}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	config := []byte(`{"apiVersion":"v2","name":"kueue","version":"0.16.1"}`)
	const manifestType = "application/vnd.oci.image.manifest.v1+json"
	of := func(kind string, data []byte) map[string]any {
		return map[string]any{"mediaType": kind, "digest": digestOf(data), "size": len(data)}
	}
	manifest, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": manifestType,
		"config": of(registry.ConfigMediaType, config), "layers": []any{of(registry.ChartLayerMediaType, archive)}})
	if err != nil {
		t.Fatal(err)
	}
	blobs := map[string][]byte{digestOf(archive): archive, digestOf(config): config}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		data, ok := blobs[last]
		if strings.Contains(r.URL.Path, "/manifests/") {
			data, ok = manifest, true
			w.Header().Set("Content-Type", manifestType)
			w.Header().Set("Docker-Content-Digest", digestOf(manifest))
		}
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(data)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/kueue/charts/kueue:0.16.1", digestOf(manifest)
}

func TestAChartIsTheOneOfItsDigest(t *testing.T) {
	ref, digest := serve(t)
	got, err := PullChart(t.Context(), ref, digest, registry.ClientOptPlainHTTP())
	if err != nil || got.Metadata.Name != "kueue" {
		t.Errorf("chart %v, error %v", got, err)
	}
	wanted := digestOf([]byte("what was released"))
	got, err = PullChart(t.Context(), ref, wanted, registry.ClientOptPlainHTTP())
	var other *DigestError
	if got != nil || !errors.As(err, &other) || other.Digest != digest || other.Wanted != wanted {
		t.Errorf("chart %v, error %v", got, err)
	}
}
