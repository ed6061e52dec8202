package shares

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubevast/vast/internal/share/providers"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
)

// openShare opens a provider of a type.
func openShare(t testing.TB, name string, settings share.Settings) share.ShareProvider {
	t.Helper()
	d, err := providers.Builtin().Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	all := share.Settings{}
	for _, s := range d.Settings {
		all[s.Name] = s.Default
	}
	for key, value := range settings {
		all[key] = value
	}
	p, err := d.Open(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAFolder(t *testing.T) {
	for name, dir := range map[string]func(t *testing.T) string{
		"on a disk":   func(t *testing.T) string { return t.TempDir() },
		"in a memory": func(t *testing.T) string { return smallDisk(t, 512) },
	} {
		t.Run(name, func(t *testing.T) {
			o := folderOptions(dir(t))
			full := folderOptions(smallDisk(t, 6))
			o.Full = &full
			runSuite(t, o)
		})
	}
	t.Parallel()
}

func folderOptions(dir string) sharetest.Options {
	return sharetest.Options{
		Open: func(t testing.TB, _ string) share.ShareProvider {
			return openShare(t, "dir", share.Settings{"VAST_SHARE_PATH": dir})
		},
		Files: func(t testing.TB) []string { return filesBelow(t, dir) },
		MakeFolder: func(t testing.TB, name string) {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		},
	}
}
