package workflow

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// large returns workflows of n tasks in the shapes that are the worst for some
// algorithm.
func large(n int) map[string]*Workflow {
	all := map[string]*Workflow{}
	for _, shape := range []string{"chain", "independent", "fan", "layers"} {
		w := &Workflow{Name: shape}
		for i := range n {
			t := Task{Name: taskName(i)}
			switch {
			case i == 0 || shape == "independent":
			case shape == "chain":
				t.Depends = []Dependency{{Task: taskName(i - 1)}}
			case shape == "fan" && i == n-1:
				for p := 1; p < i; p++ {
					t.Depends = append(t.Depends, Dependency{Task: taskName(p)})
				}
			case shape == "fan":
				t.Depends = []Dependency{{Task: taskName(0)}}
			case shape == "layers" && i >= 30:
				// Each depends on all 30 tasks of the layer before.
				for p := range 30 {
					t.Depends = append(t.Depends, Dependency{Task: taskName((i/30-1)*30 + p)})
				}
			}
			w.Tasks = append(w.Tasks, t)
		}
		all[shape] = w
	}
	return all
}

func taskName(i int) string { return fmt.Sprintf("train-model-%05d", i) }

// halfDone is a run in its middle: every second task has ended, and the others run.
func halfDone(w *Workflow) (State, Observed) {
	s := State{Phase: PhaseRunning, Version: StateVersion, Sequence: 12345, Started: 1764442800, Tasks: map[string]TaskState{}}
	o := Observed{Now: time.Unix(1764449999, 0), Tasks: map[Attempt]Seen{}}
	for i, t := range w.Tasks {
		s.Tasks[t.Name] = TaskState{
			Status: []Status{StatusRunning, StatusSuccess}[i%2], Attempt: 1, Scheduled: true, Created: true,
			Started: 1764442801 + int64(i), Ended: int64(i%2) * (1764446400 + int64(i)),
		}
		o.Tasks[Attempt{t.Name, 1}] = Seen{Status: StatusSuccess, Saved: true}
	}
	return s, o
}

// TestAStepOf10000TasksIsLinear counts allocations and their size, which a busy
// machine does not change, at two sizes.
func TestAStepOf10000TasksIsLinear(t *testing.T) {
	measure := func(w *Workflow) (count, size uint64) {
		s, o := halfDone(w)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Advance(w, s, o)
		Advance(w, State{}, Observed{})
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc
	}
	small, big := large(1000), large(10_000)
	for shape := range big {
		fewer, _ := measure(small[shape])
		count, size := measure(big[shape])
		t.Logf("%-12s %6d allocations, %5.1f MiB", shape, count, float64(size)/(1<<20))
		if count > 12*fewer {
			t.Errorf("%s: %d allocations for 10,000 tasks, %d for 1,000", shape, count, fewer)
		}
		if size > 32<<20 {
			t.Errorf("%s: two steps allocate %d bytes", shape, size)
		}
	}
}

// TestAStepDecidesAboutEachTaskAFixedNumberOfTimes counts passes: a failure at the
// start of a chain skips all of it in one.
func TestAStepDecidesAboutEachTaskAFixedNumberOfTimes(t *testing.T) {
	for shape, w := range large(10_000) {
		a := newStep(w, State{})
		a.advance(Observed{})
		a.o = Observed{Tasks: map[Attempt]Seen{{w.Tasks[0].Name, 1}: {Status: StatusFailed, Saved: true}}}
		a.observe()
		passes := 0
		for ; a.conclude() || a.anyDirty() && !a.s.Phase.Final(); passes++ {
			a.decide()
		}
		if passes > 4 {
			t.Errorf("%s: %d passes", shape, passes)
		}
	}
}

func TestTheStateOf10000TasksFitsIntoOneObject(t *testing.T) {
	const limit = 1 << 20 // of an object of Kubernetes, with 1.5 MiB for a request
	w := large(10_000)["independent"]
	s, o := halfDone(w)
	s, _, _ = Advance(w, s, o)
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(data))
	if len(data) > limit*95/100 {
		t.Errorf("the state of 10,000 tasks has %d bytes", len(data))
	}
	var back State
	if err := json.Unmarshal(data, &back); err != nil || !back.Equal(s) {
		t.Errorf("the state is not what was written (%v)", err)
	}
	// Names as long as they may be fit when they are compressed.
	long := State{Tasks: map[string]TaskState{}}
	for name, ts := range s.Tasks {
		ts.Cause, ts.Attempt, ts.NotBefore = "Evicted", 12, ts.Started
		long.Tasks[strings.Repeat("x", 63-len(name))+name] = ts
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := json.NewEncoder(z).Encode(long); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, compressed, with names of 63 characters", packed.Len())
	if packed.Len() > limit/2 {
		t.Errorf("the compressed state has %d bytes", packed.Len())
	}
}

func BenchmarkAdvance10000(b *testing.B) {
	for shape, w := range large(10_000) {
		s, o := halfDone(w)
		b.Run(shape, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Advance(w, s, o)
			}
		})
	}
}

func BenchmarkProblems10000(b *testing.B) {
	for shape, w := range large(10_000) {
		b.Run(shape, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Problems(w)
			}
		})
	}
}

func BenchmarkPlan10000(b *testing.B) {
	for shape, w := range large(10_000) {
		b.Run(shape, func(b *testing.B) {
			for b.Loop() {
				Plan(w, Assumptions{})
			}
		})
	}
}
