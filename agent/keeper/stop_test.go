package keeper

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
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

func TestTheHookTellsTheSidecarAndWaitsForIt(t *testing.T) {
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
	<-k.told
	select {
	case err := <-stopped:
		t.Fatalf("the hook did not wait: %v", err)
	default:
	}
	close(k.done)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	t.Run("one that is started anew knows it", func(t *testing.T) {
		again := keeperInto(t, folderOf(t, nil))
		again.where.Scratch = k.where.Scratch
		if err := again.Serve(serving); err != nil {
			t.Fatal(err)
		}
		<-again.told
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

func TestOutcomesOfPackedRuns(t *testing.T) {
	t.Parallel()
	got := parseOutcomes(strings.NewReader("a/0 0\n\nmy config/1 137\nnonsense\nb/2 x\na/3 0"))
	if len(got) != 2 || got["a/0"] != 0 || got["my config/1"] != 137 {
		t.Errorf("%v", got)
	}
}
