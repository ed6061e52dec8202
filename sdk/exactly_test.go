package sdk_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// An object that was replaced by another one of its name since it was read
// belongs to others.
func TestWhatIsDeletedOrPatchedIsTheObjectThatWasSeen(t *testing.T) {
	t.Parallel()
	for name, c := range changing {
		for _, d := range []api.DryRun{api.DryRunNone, api.DryRunServer} {
			if c.refused && d == api.DryRunServer {
				continue
			}
			t.Run(name+" with "+string(d), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.begun {
					w.server.changed = cancel
				}
				if c.before != nil {
					if err := c.before(ctx, w); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := c.do(ctx, w, d); err != nil && !(c.begun && d == api.DryRunNone) {
					t.Fatal(err)
				}
				w.server.mu.Lock()
				defer w.server.mu.Unlock()
				if diff := gocmp.Diff([]string(nil), w.server.loose); diff != "" {
					t.Errorf("these do not say of which very object they are:\n%s", diff)
				}
			})
		}
	}
}

func TestWhatIsAnotherObjectByNowIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{"Task.Delete": "jobs", "Volume.Delete": "persistentvolumeclaims", "Campaign.Cleanup": "configmaps"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.replaced = true
			if _, err := changing[name].do(t.Context(), w, api.DryRunNone); err != nil {
				t.Fatal(err)
			}
			left := 0
			for key, object := range w.server.objects {
				if strings.Contains(filepath.ToSlash(key), "/"+kind+"/") && metaOf(object).UID == "another" {
					left++
				}
			}
			if left != 1 || !w.warned("another one by now") {
				t.Errorf("%d are left; the warnings are %q", left, w.warnings)
			}
		})
	}
}
