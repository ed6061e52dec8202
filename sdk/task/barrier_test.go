package task

import "testing"

func TestWaitsFor(t *testing.T) {
	tests := map[string]struct{ log, want string }{
		"a node that waits":               {"setup\nvast: waits for node 2's setup\n", "waits for node 2's setup"},
		"the last word counts":            {"vast: waits for the setup of nodes 1, 2\nvast: waits for node 2's setup\n", "waits for node 2's setup"},
		"what setup has left running":     {"vast: waits for node 0 to start\nserver: listening\n", "waits for node 0 to start"},
		"a node that does not wait more":  {"vast: waits for node 2's setup\nvast: all nodes are ready\nepoch 1\n", ""},
		"a node whose setup goes on":      {"installing\n", ""},
		"a word of the user's":            {"worker waits for node 2's setup\n", ""},
		"another word of the launcher's":  {"vast: the script could not be started\n", ""},
		"a log that is cut in the middle": {"ts for node 2's setup\nepoch 1\n", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := waitsFor(tc.log); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
