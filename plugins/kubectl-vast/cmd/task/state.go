package task

import (
	"fmt"
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

// parseState reads a state in any case.
func parseState(text string) (api.State, error) {
	for _, s := range api.States {
		if strings.EqualFold(string(s), text) {
			return s, nil
		}
	}
	return "", fmt.Errorf("unknown state %q: one of %s", text, strings.Join(stateNames(), ", "))
}

func stateNames() []string {
	names := make([]string, len(api.States))
	for i, s := range api.States {
		names[i] = string(s)
	}
	return names
}

// active are the states in which a task is not at its end.
func active() []api.State {
	var states []api.State
	for _, s := range api.States {
		if !s.Ended() {
			states = append(states, s)
		}
	}
	return states
}
