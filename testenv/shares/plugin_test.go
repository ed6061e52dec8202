package shares

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubevast/vast/internal/share/plugin"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
)

// TestTheExamplePlugin runs the suite on the plug-in that docs/share-plugins.md is about.
func TestTheExamplePlugin(t *testing.T) {
	installed(t, "python3", "python3")
	executable, err := filepath.Abs("../../examples/share-plugin/kubectl-vast-share-folder")
	if err != nil {
		t.Fatal(err)
	}
	d, err := plugin.Definition(t.Context(), "folder", executable)
	if err != nil {
		t.Fatal(err)
	}
	options := func(dir string) *sharetest.Options {
		return &sharetest.Options{
			Open: func(t testing.TB, _ string) share.ShareProvider {
				p, err := d.Open(t.Context(), share.Settings{"FOLDER_PATH": dir})
				if err != nil {
					t.Fatal(err)
				}
				return p
			},
			Files: func(t testing.TB) []string { return filesBelow(t, dir) },
			MakeFolder: func(t testing.TB, name string) {
				if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
					t.Fatal(err)
				}
			},
		}
	}
	o := options(t.TempDir())
	o.Full = options(smallDisk(t, 6))
	runSuite(t, *o)
}
