package keeper

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shortDir is a folder whose path a socket may have.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestTheHookTerminatesTheSidecarAndWaitsForIt(t *testing.T) {
	t.Parallel()
	k := keeperInto(t, folderOf(t, nil))
	k.where.Scratch = shortDir(t)
	serving, stop := context.WithCancel(t.Context())
	defer stop()
	if err := k.Serve(serving); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- Stop(t.Context(), k.where.Scratch) }()
	<-k.terminating
	select {
	case err := <-stopped:
		t.Fatalf("the hook did not wait: %v", err)
	default:
	}
	close(k.done)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	t.Run("one that is restarted ends too", func(t *testing.T) {
		again := keeperInto(t, folderOf(t, nil))
		again.where.Scratch = k.where.Scratch
		if err := again.Serve(serving); err != nil {
			t.Fatal(err)
		}
		<-again.terminating
	})
}

func TestTheHookEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Stop(ctx, shortDir(t)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAPackedRunTakesItsOwnTime(t *testing.T) {
	t.Parallel()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	started, now := at(1000), at(2000) // of the container
	spans := parseTimes(strings.NewReader("a/0 1000 1010\nmy config/1 1010 1500\nb/0 10 20\nb/1 1600 1550\nb/2 1600 9999\nb/3  \nb/4 x 5\nb/5 1 99999999999999999999\nlast 1 2"))
	for name, want := range map[string]span{
		"a/0":                    {at(1000), at(1010)},
		"my config/1":            {at(1010), at(1500)},
		"b/0":                    {started, now}, // it began before its container
		"b/1":                    {started, now}, // it ended before it began
		"b/2":                    {started, now}, // it ends in the future
		"nothing is recorded of": {started, now},
	} {
		from, to := spans[name].within(started, now)
		if diff := cmp.Diff(want, span{from, to}, cmp.AllowUnexported(span{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(spans) != 6 {
		t.Errorf("%v", spans)
	}
}

func TestOutcomesOfPackedRuns(t *testing.T) {
	t.Parallel()
	got := parseOutcomes(strings.NewReader("a/0 0\n\nmy config/1 137\nnonsense\nb/2 x\na/3 0"))
	if len(got) != 2 || got["a/0"] != 0 || got["my config/1"] != 137 {
		t.Errorf("%v", got)
	}
}
