package result

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestAllThatIsKeptIsFetchedAtOnce(t *testing.T) {
	mine := []string{"sweep", "train-aaaabbbb/0", "train-aaaabbbb/1", "train-cccccccc/0"}
	for name, tt := range map[string]struct {
		o    api.DownloadOptions
		want []string
	}{
		"one's own":     {api.DownloadOptions{}, mine},
		"everybody's":   {api.DownloadOptions{AllUsers: true}, slices.Concat(mine, []string{"train-dddddddd/0"})},
		"in an archive": {api.DownloadOptions{Archive: "all.tar.gz"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := filled(t)
			t.Chdir(t.TempDir())
			tt.o.All = true
			report, err := w.Download(t.Context(), "", tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if tt.o.Archive != "" {
				if info, err := os.Stat(tt.o.Archive); err != nil || info.Size() == 0 || report.Results != 7 {
					t.Errorf("%d results, %v", report.Results, err)
				}
				return
			}
			found := map[string]bool{}
			for path := range treeOf(t, ".") {
				parts := strings.Split(path, "/")
				if parts[0] == sweep {
					parts = []string{"sweep"}
				}
				found[strings.Join(parts[:min(len(parts), 2)], "/")] = true
			}
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(found))); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
	t.Run("what has a name is not all", func(t *testing.T) {
		_, err := newWorld(t).Download(t.Context(), "aaaabbbb", api.DownloadOptions{All: true})
		if err == nil || !strings.Contains(err.Error(), "not both") {
			t.Errorf("%v", err)
		}
	})
	t.Run("of nothing there is nothing to fetch", func(t *testing.T) {
		report, err := newWorld(t).Download(t.Context(), "", api.DownloadOptions{All: true, Dir: t.TempDir()})
		if err != nil || report.Results != 0 {
			t.Errorf("%v, %v", report, err)
		}
	})
}
