package workflow

import (
	"fmt"
	"slices"
)

// The model is a run of a small workflow with everything around it: the state in
// the cluster, the objects of the attempts, and two drivers. A driver reads the
// state, observes some of the objects, advances, writes the state with optimistic
// concurrency, and carries out the actions in any order, at any time. It may die
// before each of these steps: that also stands for each answer that is lost.
//
// A driver that reads the state and writes it after another one has written fails
// to write. So reading, advancing and writing are one step of the model; what a
// driver keeps are the actions that it has not carried out yet, for as long as it
// likes. An observation that is old equals one that misses an object.

// maxTasks is the largest workflow of a model.
const maxTasks = 4

// execution is the state of the object of an attempt.
type execution uint8

const (
	none execution = iota
	executing
	succeeded
	failed
	// stopped was stopped while it executed; sealed was stopped before, and never
	// executes.
	stopped
	sealed
)

var seenAs = map[execution]Status{
	executing: StatusRunning, succeeded: StatusSuccess, failed: StatusFailed, stopped: StatusStopped, sealed: StatusCancelled,
}

// order is what a driver still has to do for a task.
type order uint8

const (
	nothing order = iota
	startFirst
	startSecond
	stopFirst
	stopSecond
)

func (o order) attempt() int {
	if o == startSecond || o == stopSecond {
		return 2
	}
	return 1
}

// world is a state of the model; as an array of small numbers it is a key.
type world struct {
	// run is the number of the run's phase, result and stops.
	run uint8
	// requested is true when the user has stopped the run.
	requested bool
	tasks     [maxTasks]taskWorld
}

type taskWorld struct {
	// state is the number of the TaskState.
	state  uint8
	object [2]execution
	// todo are the orders of the two drivers.
	todo [2]order
}

// model explores all worlds of a workflow.
type model struct {
	w *Workflow
	// unsealed is a mutation: stopping an attempt without an object does nothing,
	// and the attempt is observed as cancelled.
	unsealed bool
	// careless is a mutation: a driver acts even if its state was not written.
	careless bool

	runs      []State
	tasks     []TaskState
	runNumber map[[5]uint8]uint8
	taskOf    map[TaskState]uint8
	symmetry  [][]int
	advanced  map[advanceKey]advance
	seen      map[world]bool
	ends      map[world]bool
	queue     []world
	problem   string
}

type advanceKey struct {
	run, visible uint8
	requested    bool
	states       [maxTasks]uint8
	objects      [maxTasks][2]execution
}

type advance struct {
	run     uint8
	changed bool
	states  [maxTasks]uint8
	todo    [maxTasks]order
}

func newModel(w *Workflow) *model {
	m := &model{
		w: w, runNumber: map[[5]uint8]uint8{}, taskOf: map[TaskState]uint8{}, advanced: map[advanceKey]advance{},
		seen: map[world]bool{}, ends: map[world]bool{},
	}
	m.symmetry = automorphisms(w)
	return m
}

// explore visits every world that can be reached, until it finds a problem.
func (m *model) explore() {
	m.add(world{run: m.run(State{})})
	for len(m.queue) > 0 && m.problem == "" {
		x := m.queue[len(m.queue)-1]
		m.queue = m.queue[:len(m.queue)-1]
		m.check(x)
		m.follow(x)
	}
}

func (m *model) fail(x world, format string, args ...any) {
	if m.problem == "" {
		m.problem = fmt.Sprintf(format, args...) + " in " + m.describe(x)
	}
}

// follow adds all worlds that follow from x in one step.
func (m *model) follow(x world) {
	if !x.requested {
		y := x
		y.requested = true
		m.add(y)
	}
	for i := range m.w.Tasks {
		for n := range 2 {
			if x.tasks[i].object[n] == executing {
				for _, end := range []execution{succeeded, failed} {
					y := x
					y.tasks[i].object[n] = end
					m.add(y)
				}
			}
		}
	}
	for d := range 2 {
		idle := true
		for i := range m.w.Tasks {
			if x.tasks[i].todo[d] != nothing {
				idle = false
				y := x
				m.act(&y, i, x.tasks[i].todo[d])
				y.tasks[i].todo[d] = nothing
				m.add(y)
			}
		}
		if !idle {
			y := x
			for i := range y.tasks {
				y.tasks[i].todo[d] = nothing
			}
			m.add(y)
			continue
		}
		for visible := range uint8(1) << len(m.w.Tasks) {
			if next := m.advance(x, visible); next.changed || next.todo != [maxTasks]order{} {
				m.add(next.apply(x, d))
				if m.careless {
					y := next.apply(x, d)
					y.run = x.run
					for i := range y.tasks {
						y.tasks[i].state = x.tasks[i].state
					}
					m.add(y)
				}
			}
		}
	}
}

func (next advance) apply(x world, driver int) world {
	x.run = next.run
	for i := range x.tasks {
		x.tasks[i].state = next.states[i]
		x.tasks[i].todo[driver] = next.todo[i]
	}
	return x
}

// act carries out an order.
func (m *model) act(x *world, i int, o order) {
	object := &x.tasks[i].object[o.attempt()-1]
	switch o {
	case startFirst, startSecond:
		if *object != none {
			return
		}
		*object = executing
		if m.tasks[x.tasks[i].state].Status.Final() {
			m.fail(*x, "%s starts after its end", m.w.Tasks[i].Name)
		}
		if o == startSecond && x.tasks[i].object[0] != failed {
			m.fail(*x, "%s starts twice", m.w.Tasks[i].Name)
		}
		for _, d := range m.w.Tasks[i].Depends {
			p := slices.IndexFunc(m.w.Tasks, func(t Task) bool { return t.Name == d.Task })
			if !d.Conditions.Met(m.tasks[x.tasks[p].state].Status) {
				m.fail(*x, "%s starts before %s has ended as required", m.w.Tasks[i].Name, d.Task)
			}
		}
	case stopFirst, stopSecond:
		switch *object {
		case none:
			*object = sealed
		case executing:
			*object = stopped
		}
	}
}

// check tests what holds in every world.
func (m *model) check(x world) {
	run := m.runs[x.run]
	for i := range m.w.Tasks {
		t := x.tasks[i]
		ts := m.tasks[t.state]
		if run.Phase.Final() && (!ts.Status.Final() || t.object[0] == executing || t.object[1] == executing) {
			m.fail(x, "%s is forgotten", m.w.Tasks[i].Name)
		}
		if ts.Scheduled && ts.Status.Final() && !(m.unsealed && ts.Status == StatusCancelled) && seenAs[t.object[ts.Attempt-1]] != ts.Status {
			m.fail(x, "%s did not end as its object", m.w.Tasks[i].Name)
		}
	}
	if !m.finishes(x) {
		m.fail(x, "the run does not end")
	}
}

// finishes reports whether one driver that works without a failure brings the run
// to its end, while each execution succeeds when nothing else happens.
func (m *model) finishes(x world) bool {
	var path []world
	for range 100 {
		x = m.canonical(x)
		if m.ends[x] || m.runs[x.run].Phase.Final() {
			for _, p := range path {
				m.ends[p] = true
			}
			return true
		}
		path = append(path, x)
		next := m.advance(x, 1<<len(m.w.Tasks)-1)
		x = next.apply(x, 0)
		for i := range m.w.Tasks {
			if o := x.tasks[i].todo[0]; o != nothing {
				m.act(&x, i, o)
				x.tasks[i].todo[0] = nothing
			}
			for n := range 2 {
				if !next.changed && x.tasks[i].object[n] == executing {
					x.tasks[i].object[n] = succeeded
				}
			}
		}
	}
	return false
}

// advance returns what Advance returns if the objects of the visible tasks are
// observed.
func (m *model) advance(x world, visible uint8) advance {
	key := advanceKey{run: x.run, requested: x.requested, visible: visible}
	for i := range m.w.Tasks {
		key.states[i] = x.tasks[i].state
		if visible&(1<<i) != 0 {
			key.objects[i] = x.tasks[i].object
		}
	}
	if out, ok := m.advanced[key]; ok {
		return out
	}
	s := m.runs[x.run]
	s.Tasks = map[string]TaskState{}
	o := Observed{Stop: x.requested, Tasks: map[Attempt]Seen{}}
	for i, t := range m.w.Tasks {
		ts := m.tasks[x.tasks[i].state]
		s.Tasks[t.Name] = ts
		for n, object := range key.objects[i] {
			if object != none {
				o.Tasks[Attempt{t.Name, n + 1}] = Seen{Status: seenAs[object], Cause: "Evicted", Saved: true}
			}
		}
		if m.unsealed && ts.Stopping && key.objects[i][0] == none && visible&(1<<i) != 0 {
			o.Tasks[Attempt{t.Name, 1}] = Seen{Status: StatusCancelled, Saved: true}
		}
	}
	next, actions, _ := Advance(m.w, s, o)
	out := advance{run: m.run(next)}
	for i, t := range m.w.Tasks {
		out.states[i] = m.number(next.Tasks[t.Name])
	}
	out.changed = out.run != x.run || out.states != key.states
	for _, a := range actions {
		i := slices.IndexFunc(m.w.Tasks, func(t Task) bool { return t.Name == a.Task })
		switch {
		case a.Kind == Start:
			out.todo[i] = startFirst + order(a.Attempt-1)
		case !m.unsealed || x.tasks[i].object[0] != none:
			out.todo[i] = stopFirst + order(a.Attempt-1)
		}
	}
	m.advanced[key] = out
	return out
}

// add notes a world that can be reached.
func (m *model) add(x world) {
	x = m.canonical(x)
	if !m.seen[x] {
		m.seen[x] = true
		m.queue = append(m.queue, x)
	}
}

// canonical returns the same world for all worlds that differ only in the names of
// the drivers, or of tasks that the graph does not distinguish.
func (m *model) canonical(x world) world {
	best := x
	for k, perm := range m.symmetry {
		y := x
		for i, p := range perm {
			y.tasks[i] = x.tasks[p]
		}
		if k > 0 && y.less(best) {
			best = y
		}
		for i := range y.tasks {
			y.tasks[i].todo[0], y.tasks[i].todo[1] = y.tasks[i].todo[1], y.tasks[i].todo[0]
		}
		if y.less(best) {
			best = y
		}
	}
	return best
}

func (x *world) less(y world) bool {
	for i := range x.tasks {
		if c := x.tasks[i].number() - y.tasks[i].number(); c != 0 {
			return c < 0
		}
	}
	return false
}

func (t *taskWorld) number() int {
	return int(t.state)<<16 | int(t.object[0])<<12 | int(t.object[1])<<8 | int(t.todo[0])<<4 | int(t.todo[1])
}

// run returns the number of a run's state without its tasks.
func (m *model) run(s State) uint8 {
	key := [5]uint8{uint8(s.Phase), uint8(s.Result)}
	if s.Stop {
		key[2] = 1
	}
	n, ok := m.runNumber[key]
	if !ok {
		n = uint8(len(m.runs))
		m.runs = append(m.runs, State{Phase: s.Phase, Result: s.Result, Stop: s.Stop})
		m.runNumber[key] = n
		if n == 0 {
			m.number(TaskState{})
		}
	}
	return n
}

func (m *model) number(ts TaskState) uint8 {
	n, ok := m.taskOf[ts]
	if !ok {
		n = uint8(len(m.tasks))
		m.tasks = append(m.tasks, ts)
		m.taskOf[ts] = n
	}
	return n
}

func (m *model) describe(x world) string {
	s := m.runs[x.run]
	s.Tasks = map[string]TaskState{}
	text := ""
	for i, t := range m.w.Tasks {
		s.Tasks[t.Name] = m.tasks[x.tasks[i].state]
		text += fmt.Sprintf(", %s: objects %v, orders %v", t.Name, x.tasks[i].object, x.tasks[i].todo)
	}
	return fmt.Sprintf("%s (stop %v)%s", brief(m.w, s), x.requested, text)
}

// automorphisms returns the permutations of the tasks that leave the graph as it
// is; the first one is the identity.
func automorphisms(w *Workflow) [][]int {
	edges := map[[2]int]Conditions{}
	g := newGraph(w)
	for i, parents := range g.parents {
		for k, p := range parents {
			edges[[2]int{p, i}] = w.Tasks[i].Depends[k].Conditions
		}
	}
	same := func(perm []int) bool {
		for e, c := range edges {
			if d, ok := edges[[2]int{perm[e[0]], perm[e[1]]}]; !ok || c != d {
				return false
			}
		}
		for i, p := range perm {
			if w.Tasks[i].Retry.Count != w.Tasks[p].Retry.Count || w.Tasks[i].Skip != w.Tasks[p].Skip {
				return false
			}
		}
		return true
	}
	var out [][]int
	var extend func(perm []int)
	extend = func(perm []int) {
		if len(perm) == len(w.Tasks) {
			if same(perm) {
				out = append(out, slices.Clone(perm))
			}
			return
		}
		for i := range w.Tasks {
			if !slices.Contains(perm, i) {
				extend(append(perm, i))
			}
		}
	}
	extend(nil)
	return out
}
