package workflow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Phase is how far a run is.
type Phase uint8

const (
	// PhaseQueued runs wait for their concurrency group.
	PhaseQueued Phase = iota
	// PhaseRunning runs have tasks that are not final.
	PhaseRunning
	// PhaseFinished runs have ended. So have PhaseCancelled ones, which never ran,
	// and PhaseSetupError ones, which failed the checks of their file.
	PhaseFinished
	PhaseCancelled
	PhaseSetupError
)

var phases = []string{"queued", "running", "finished", "cancelled", "setuperror"}

// Final reports whether the phase never changes again.
func (p Phase) Final() bool { return p >= PhaseFinished }

// String returns the phase as in JSON: "queued".
func (p Phase) String() string { return name(phases, uint8(p)) }

// MarshalText returns String.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText accepts what MarshalText returns.
func (p *Phase) UnmarshalText(b []byte) error { return parse(phases, "phase", b, (*uint8)(p)) }

// Result is what came of a run. It is set before the run is finished: a run that
// is running and failed has tasks that are not final yet.
type Result uint8

const (
	// ResultUnknown is the result of a run that has none yet, or never ran.
	ResultUnknown Result = iota
	ResultSuccess
	ResultFailed
	ResultStopped
)

var results = []string{"unknown", "success", "failed", "stopped"}

// String returns the result as in JSON: "unknown".
func (r Result) String() string { return name(results, uint8(r)) }

// MarshalText returns String.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText accepts what MarshalText returns.
func (r *Result) UnmarshalText(b []byte) error { return parse(results, "result", b, (*uint8)(r)) }

// Status is that of a task or of an attempt.
type Status uint8

const (
	// StatusNotStarted is the status until an attempt is seen to run.
	StatusNotStarted Status = iota
	// StatusRunning is the status of an attempt that executes.
	StatusRunning
	// StatusSkipped tasks do not run because of a condition, their "when", or a stop.
	StatusSkipped
	// StatusCancelled tasks could have run, but never started: the run had failed, or
	// the attempt was stopped before it executed.
	StatusCancelled
	// StatusStopped tasks were stopped while they ran.
	StatusStopped
	StatusSuccess
	StatusFailed
)

var statuses = []string{"notstarted", "running", "skipped", "cancelled", "stopped", "success", "failed"}

// Final reports whether the status never changes again.
func (s Status) Final() bool { return s >= StatusSkipped }

// String returns the status as in JSON: "notstarted".
func (s Status) String() string { return name(statuses, uint8(s)) }

// MarshalText returns String.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts what MarshalText returns.
func (s *Status) UnmarshalText(b []byte) error { return parse(statuses, "status", b, (*uint8)(s)) }

// Conditions is a set of ways in which a task can end.
type Conditions uint8

const (
	OnSuccess Conditions = 1 << iota
	// OnFailure includes timeouts and rejected approvals.
	OnFailure
	OnSkipped
	OnStopped
	OnCancelled
	// Always is every way, those of a stopped run too.
	Always = OnSuccess | OnFailure | OnSkipped | OnStopped | OnCancelled
)

var conditions = []string{"on_success", "on_failure", "on_skipped", "on_stopped", "on_cancelled"}

const always = "always"

// ParseCondition returns the condition of a name, such as "on_success" or
// "always", and whether there is one.
func ParseCondition(name string) (Conditions, bool) {
	if name == always {
		return Always, true
	}
	i := slices.Index(conditions, name)
	if i < 0 {
		return 0, false
	}
	return 1 << i, true
}

// ConditionNames returns the names that ParseCondition accepts.
func ConditionNames() []string { return append(slices.Clone(conditions), always) }

// Met reports whether a dependency with these conditions is met by a task that
// ended with the status. The empty set is OnSuccess.
func (c Conditions) Met(s Status) bool {
	if c == 0 {
		c = OnSuccess
	}
	switch s {
	case StatusSuccess:
		return c&OnSuccess != 0
	case StatusFailed:
		return c&OnFailure != 0
	case StatusSkipped:
		return c&OnSkipped != 0
	case StatusStopped:
		return c&OnStopped != 0
	case StatusCancelled:
		return c&OnCancelled != 0
	}
	return false
}

// Names returns the names of the conditions in the set, "always" for all of them
// and "on_success" for the empty set.
func (c Conditions) Names() []string {
	switch c {
	case 0:
		c = OnSuccess
	case Always:
		return []string{always}
	}
	var out []string
	for i, name := range conditions {
		if c&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// String returns the names of the set, separated by commas.
func (c Conditions) String() string { return strings.Join(c.Names(), ",") }

// MarshalJSON returns Names.
func (c Conditions) MarshalJSON() ([]byte, error) { return json.Marshal(c.Names()) }

// UnmarshalJSON accepts a list of condition names.
func (c *Conditions) UnmarshalJSON(b []byte) error {
	var names []string
	if err := json.Unmarshal(b, &names); err != nil {
		return err
	}
	*c = 0
	for _, name := range names {
		one, ok := ParseCondition(name)
		if !ok {
			return fmt.Errorf("unknown condition %q", name)
		}
		*c |= one
	}
	return nil
}

func name(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("unknown(%d)", i)
}

func parse(names []string, what string, text []byte, into *uint8) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("unknown %s %q", what, text)
	}
	*into = uint8(i)
	return nil
}
