package shares

import (
	"maps"
	"testing"

	"github.com/kubevast/vast/sdk/share/sharetest"
)

// runSuite runs the suite in parallel with other tests, but the test of memory before that:
// it measures the heap of the process. A test that runs it in subtests calls t.Parallel at
// its end.
func runSuite(t *testing.T, o sharetest.Options) {
	t.Helper()
	if o.Many == 0 {
		o.Many = 150 // only buckets have pages
	}
	alone := o
	alone.Skip, alone.Only = nil, []string{sharetest.Memory}
	sharetest.Run(t, alone)
	t.Parallel()
	skip := map[string]string{sharetest.Memory: "it was run before"}
	maps.Copy(skip, o.Skip)
	o.Skip = skip
	sharetest.Run(t, o)
}
