package keeper

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/agent/apiserver"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

func TestProgressIsReadAsItGrows(t *testing.T) {
	t.Parallel()
	dir := folderOf(t, nil)
	path := filepath.Join(dir, layout.ProgressFile)
	p := &progressFile{dir: dir}
	step := func(content string, flags int, want string) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flags, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(content); err != nil {
			t.Fatal(err)
		}
		file.Close()
		p.poll(time.Now())
		got := ""
		if last, _ := p.latest(); last != nil {
			got = last.Step
		}
		if got != want {
			t.Errorf("after %q: step %q, want %q", content, got, want)
		}
	}
	p.poll(time.Now()) // there is none yet
	step(`{"step":1}`, os.O_APPEND, "")
	step("\n", os.O_APPEND, "1")
	step("{\"step\":2}\n", os.O_APPEND, "2")
	step("{}\n", os.O_TRUNC, "2")
	step("{\"step\":3}\n", os.O_APPEND, "3")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	step("{\"step\":4, \"message\": \"a new file that is longer than the one before\"}\n", os.O_APPEND, "4")
}

func TestProgressIsShownSeldomAndInTheEnd(t *testing.T) {
	t.Parallel()
	var shown []string
	var refuse error
	s := newShower(func(_ context.Context, l *coordinationv1.Lease) error {
		if refuse == nil {
			shown = append(shown, l.Annotations[kube.AnnotationProgress])
		}
		return refuse
	}, Where{Pod: "p", PodUID: "u", JobUID: "j"}, agentspec.Keep{Labels: map[string]string{"a": "b"}, Results: []agentspec.Result{{Identity: agentspec.Identity{Job: "job"}}}})
	if owner := s.lease.OwnerReferences[0]; owner.Kind != "Job" || owner.Name != "job" || s.lease.Labels[kube.LabelKind] != kube.KindProgress || s.lease.Labels["a"] != "b" {
		t.Errorf("%+v", s.lease)
	}
	now := time.Now()
	show := func(latest *api.Progress, after time.Duration, last bool, want int) {
		t.Helper()
		if err := s.show(t.Context(), latest, now.Add(after), last); !errors.Is(err, refuse) || len(shown) != want {
			t.Errorf("shown %d times, want %d; %v", len(shown), want, err)
		}
	}
	half := &api.Progress{Fraction: ptr.To(0.5)}
	show(nil, 0, true, 0)
	show(half, 0, false, 1)
	show(half, time.Hour, true, 1) // nothing new
	show(&api.Progress{Step: "a"}, 5*time.Second, false, 1)
	show(&api.Progress{Step: "b"}, 11*time.Second, false, 2)
	show(&api.Progress{Step: "c"}, 12*time.Second, true, 3)
	refuse = errors.New("no right")
	show(&api.Progress{Step: "d"}, time.Minute, false, 3)
	refuse = nil
	show(&api.Progress{Step: "d"}, 2*time.Minute, false, 4)
	refuse = apiserver.ErrForeign
	show(&api.Progress{Step: "e"}, 3*time.Minute, false, 4)
	refuse = nil
	show(&api.Progress{Step: "f"}, 4*time.Minute, true, 4) // never again
}

// With -race: the progress of all runs in a pod is shown while one is finished.
func TestProgressIsShownWhileARunIsFinished(t *testing.T) {
	t.Parallel()
	dir := folderOf(t, map[string]string{layout.ProgressFile: "{\"step\":1}\n{\"step\":2}"})
	k := keeperInto(t, dir)
	k.results[0].progress = []*progressFile{{dir: dir}}
	k.shower.put = func(context.Context, *coordinationv1.Lease) error { return nil }
	var group sync.WaitGroup
	group.Go(func() {
		for range 100 {
			k.progress(t.Context(), time.Now(), false)
		}
	})
	for range 100 {
		m := &layout.Inventory{}
		k.results[0].progress[0].finish(time.Now())
		k.describe(m, k.results[0], end{}, nil)
		if m.Progress == nil || m.Progress.Step != "2" {
			t.Errorf("%+v", m.Progress)
		}
	}
	group.Wait()
}
