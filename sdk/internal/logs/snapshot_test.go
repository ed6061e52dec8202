package logs

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestSnapshot(t *testing.T) {
	c := newCluster(t, 4)
	c.status.Nodes = []api.NodeStatus{{Rank: 2, State: api.NodePending, Reason: "no room"}, {Rank: 3, State: api.NodeWaiting, Reason: "no pod"}}
	c.pod(0, "Running")
	c.pod(1, "Succeeded")
	c.pod(2, "Pending")
	c.print(0, "a\n", "half")
	c.print(1, "b\n")
	r := c.read(api.LogOptions{}, quick)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	r.want(map[int]string{0: "a\nhalf", 1: "b\n"})
	want := []string{"nothing printed yet, waiting for node 2: no room", "nothing printed yet, waiting for node 3: no pod"}
	if diff := cmp.Diff(want, r.notes); diff != "" {
		t.Error(diff)
	}
}

func TestSnapshotOfATaskWhosePodsAreGone(t *testing.T) {
	c := newCluster(t, 2)
	c.status.State = api.Succeeded
	r := c.read(api.LogOptions{}, quick)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"nodes 0-1: no log is left, the task has ended and its pods were deleted"}, r.notes); diff != "" {
		t.Error(diff)
	}
}

func TestTailAndNodes(t *testing.T) {
	c := newCluster(t, 2)
	for rank := range 2 {
		c.pod(rank, "Succeeded")
		c.print(rank, "a\n", "b\n", "c\n")
	}
	two := int64(2)
	r := c.read(api.LogOptions{Tail: &two, Nodes: []int{1}}, quick)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	r.want(map[int]string{1: "b\nc\n"})
}

func TestOptionsThatCannotBe(t *testing.T) {
	c := newCluster(t, 2)
	less := int64(-1)
	for name, o := range map[string]api.LogOptions{
		"a node that is not there": {Nodes: []int{2}},
		"a negative tail":          {Tail: &less},
		"a negative since":         {Since: -1},
	} {
		var invalid *api.InvalidSpecError
		if err := c.read(o, quick).end(); !errors.As(err, &invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnErrorOfTheSinkEndsTheReading(t *testing.T) {
	c := newCluster(t, 1)
	c.pod(0, "Running")
	c.print(0, "a\n", "b\n")
	broken, calls := errors.New("broken pipe"), 0
	err := read(t.Context(), c.source(), api.LogOptions{Follow: true}, func(api.LogLine) error { calls++; return broken }, quick)
	if !errors.Is(err, broken) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func TestTheCallersContextEndsTheReading(t *testing.T) {
	c := newCluster(t, 1)
	c.pod(0, "Running")
	c.print(0, "a\n")
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.await(0, "a\n")
	r.cancel()
	if err := r.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// An API server allows 100 streams per connection.
func TestManyNodes(t *testing.T) {
	const n = 300
	c := newCluster(t, n)
	for rank := range n {
		c.pod(rank, "Running")
		c.print(rank, "a\n")
	}
	r := c.read(api.LogOptions{Follow: true}, quick)
	want := map[int]string{}
	for rank := range n {
		want[rank] = "a\n"
		r.await(rank, "a\n")
	}
	for rank := range n {
		c.pod(rank, "Succeeded")
	}
	c.end(api.Succeeded)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	r.want(want)
	if lists := c.count("labelSelector") - c.count("watch"); lists > 3 {
		t.Errorf("%d lists of pods", lists)
	}
}
