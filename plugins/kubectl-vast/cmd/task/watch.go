package task

import (
	"fmt"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// fingerprint changes when something that is worth a new row does.
func (o *listOptions) fingerprint(t *api.TaskStatus) string {
	print := fmt.Sprint(shownState(t), "\x00", t.Reason, "\x00", t.NumNodes)
	if o.Output.Wide() || !o.Output.Human() {
		print += "\x00" + cli.ProgressWords(t.Progress)
	}
	return print
}
