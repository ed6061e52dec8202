package record

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kubevast/vast/internal/workflow"
)

func TestTheEventsOfARunFitIntoItsObject(t *testing.T) {
	g, s := &workflow.Workflow{}, workflow.State{Tasks: map[string]workflow.TaskState{}}
	var events []workflow.Event
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 10_000 {
		name := fmt.Sprintf("task-%x-%d", random.Uint64(), i)
		state := workflow.TaskState{Status: workflow.StatusCancelled, Attempt: 1, Started: random.Int64N(1 << 31), Ended: random.Int64N(1 << 31)}
		g.Tasks = append(g.Tasks, workflow.Task{Name: name})
		s.Tasks[name] = state
		events = append(events, workflow.Event{Sequence: int64(i + 1), Type: workflow.TaskChanged, Task: name, State: &state, Time: random.Int64N(1 << 31)})
	}
	for name, c := range map[string]struct {
		d     Delivery
		least int
		most  int
	}{
		"without receivers":             {Delivery{}, keptEvents, keptEvents},
		"when all is delivered":         {Delivery{Sent: map[string]int64{"a": 10_000, "b": 10_000}}, keptEvents, keptEvents},
		"when a receiver is down":       {Delivery{Sent: map[string]int64{"a": 10_000, "b": 8_000}}, 2000, 2000},
		"when a receiver has not begun": {Delivery{Sent: map[string]int64{"a": 10_000, "b": 0}}, 5000, 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			fields, err := Fields(&Run{}, s, g, "d")
			if err != nil {
				t.Fatal(err)
			}
			kept, err := SetEvents(fields, events, c.d)
			if err != nil {
				t.Fatal(err)
			}
			data := fields["binaryData"].(map[string]any)
			size := len(data[stateKey].([]byte)) + len(data[eventsKey].([]byte))
			if len(kept) < c.least || len(kept) > c.most || kept[len(kept)-1].Sequence != 10_000 || size > maxRecord {
				t.Errorf("%d events are kept, up to %d, in %d bytes", len(kept), kept[len(kept)-1].Sequence, size)
			}
			t.Logf("%d events; the state has %d bytes, and all has %d", len(kept), len(data[stateKey].([]byte)), size)
		})
	}
}
