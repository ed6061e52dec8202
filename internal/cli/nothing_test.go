package cli

import (
	"bytes"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestAnEmptyListPrintsWhereElseToLook(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][3]bool{
		"No tasks found in lab namespace.\n(These would be yours: add --all-users for everybody's, -A for all namespaces.)\n": {},
		"No tasks found in lab namespace.\n(Add -A for all namespaces.)\n":                                                    {false, true, false},
		"No tasks found.\n(These would be yours: add --all-users for everybody's.)\n":                                         {true, false, false},
		"No tasks found.\n":                  {true, true, false},
		"No tasks found in lab namespace.\n": {false, false, true},
	} {
		var out bytes.Buffer
		f := &Factory{IOStreams: genericiooptions.IOStreams{ErrOut: &out}}
		f.NothingFound("tasks", "lab", args[0], args[1], args[2])
		if out.String() != want {
			t.Errorf("%v: %q, want %q", args, out.String(), want)
		}
	}
}
