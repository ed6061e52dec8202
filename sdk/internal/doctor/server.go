package doctor

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/kubevast/vast/sdk/api"
)

// oldest is the first Kubernetes with native sidecars switched on.
const oldest = "1.29.0"

// server checks that the API server answers and is new enough.
func (c *Client) server(ctx context.Context, _ api.DoctorOptions) []api.Check {
	began := time.Now()
	info, err := c.conn.ServerVersion(ctx)
	if err != nil {
		return one(failed("api", err.Error(), "nothing else was checked", api.Remedies(err)...))
	}
	checks := []api.Check{ok("api", fmt.Sprintf("%s answers in %d ms", c.conn.Server(), time.Since(began).Milliseconds()))}
	return append(checks, versionCheck(info.GitVersion))
}

func versionCheck(text string) api.Check {
	v, err := version.ParseGeneric(text)
	switch {
	case err != nil:
		return warning("version", fmt.Sprintf("cannot parse the version of Kubernetes, %q", text), "1.29 or newer is needed")
	case !v.AtLeast(version.MustParseGeneric(oldest)):
		return failed("version", "Kubernetes "+text, "1.29 or newer is needed: what uploads results runs as a native sidecar; upgrade the cluster")
	}
	return ok("version", "Kubernetes "+text)
}
