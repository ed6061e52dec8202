package campaign

import (
	"os"
	"testing"

	"github.com/kubevast/vast/internal/kube"
)

// TestMain names an image of our own containers: a test's program belongs to no
// release.
func TestMain(m *testing.M) {
	if err := os.Setenv(kube.AgentImageEnv, kube.AgentImage+":test"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
