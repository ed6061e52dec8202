package result

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// failing is a store that breaks at one of the requests that change something, and
// at no other.
type failing struct {
	store.Backend
	left    int
	noAbort bool // AbortUploads always fails
}

func (f *failing) fails() error {
	if f.left--; f.left == 0 {
		return &api.UnavailableError{Message: "the store is away"}
	}
	return nil
}

func (f *failing) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	if err := f.fails(); err != nil {
		return err
	}
	return f.Backend.Delete(ctx, keys...)
}

func (f *failing) AbortUploads(ctx context.Context, prefixes ...string) error {
	if f.noAbort {
		return &api.UnavailableError{Message: "the store lists no uploads"}
	}
	if err := f.fails(); err != nil {
		return err
	}
	return f.Backend.AbortUploads(ctx, prefixes...)
}

func TestADeleteThatBreaksOffIsCompletedByTheNext(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"with files":                   {"f": "1"},
		"with inventories and no more": nil,
	} {
		for at := 1; ; at++ {
			w := newWorld(t)
			r := layout.Record{Version: layout.RecordVersion, Namespace: "ns", ID: sweep, User: user, Total: 2, Created: ended, Configs: []string{"a-1"}, Runs: 2, RunsPerJob: 2}
			w.put(layout.RecordKey(sweep), string(r.Marshal()))
			w.put(packedLog("0"), "hello\n")
			for n := range 2 {
				k := run(sweep, "a-1", n, succeeded, files)
				k.log = ""
				w.keep(k)
			}
			f := &failing{Backend: w.store, left: at}
			w.change = func(context.Context) (store.Backend, func(), error) { return f, func() {}, nil }
			o := api.ResultDeleteOptions{}
			_, err := w.Delete(t.Context(), sweep, o)
			if err == nil {
				if at < 3 {
					t.Errorf("%s: it has only %d steps", name, at)
				}
				break
			}
			t.Run(fmt.Sprintf("%s, at step %d", name, at), func(t *testing.T) {
				if _, err := w.Delete(t.Context(), sweep, o); err != nil {
					t.Errorf("again: %v", err)
				}
				var left []string
				for o, err := range w.store.List(t.Context(), "", store.ListOptions{}) {
					if err != nil {
						t.Fatal(err)
					}
					left = append(left, o.Key)
				}
				if diff := cmp.Diff([]string{layout.RecordKey(sweep),
					layout.IndexKey(layout.RunIndex(sweep, "a-1", 0), succeeded), layout.IndexKey(layout.RunIndex(sweep, "a-1", 1), succeeded)}, left); diff != "" {
					t.Errorf("left in the store (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestADeleteRemovesNothingBeforeUploadsAreGivenUp(t *testing.T) {
	w := newWorld(t)
	w.keep(task("abcdefgh", 0, succeeded, map[string]string{"f": "1"}))
	w.change = func(context.Context) (store.Backend, func(), error) {
		return &failing{Backend: w.store, noAbort: true}, func() {}, nil
	}
	if _, err := w.Delete(t.Context(), "abcdefgh", api.ResultDeleteOptions{}); err == nil {
		t.Error("no error")
	}
	if !w.get(layout.NodePrefix("abcdefgh", 0) + layout.InventoryFile) {
		t.Error("the inventory is gone, and the rest is left")
	}
}

// lingering lists a folder from which everything was deleted, as SeaweedFS does for
// some minutes.
type lingering struct {
	store.Backend
	folder string
}

func (l lingering) List(ctx context.Context, prefix string, o store.ListOptions) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if o.Delimiter && strings.HasPrefix(l.folder, prefix) && !yield(store.Object{Key: l.folder, Prefix: true}, nil) {
			return
		}
		l.Backend.List(ctx, prefix, o)(yield)
	}
}

func TestAnEmptyFolderIsNoCampaign(t *testing.T) {
	w := newWorld(t)
	w.keep(run(sweep, "a-1", 0, succeeded, map[string]string{"f": "1"}))
	w.open = func(context.Context) (store.Backend, func(), error) {
		return lingering{w.store, layout.CampaignPrefix("gone-12345678")}, func() {}, nil
	}
	list, err := w.List(t.Context(), api.ResultListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range list.Items {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{sweep}, names); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
}
