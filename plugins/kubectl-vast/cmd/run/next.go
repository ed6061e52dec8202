package run

import (
	"fmt"
	"io"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// next prints the commands that continue from a run that is shown.
func next(f *cli.Factory, out io.Writer, r *api.WorkflowRun) {
	w, say := printers.GetNewTabWriter(out), f.Hint()
	if r.Namespace != "" {
		say = say.In(r.Namespace)
	}
	fmt.Fprintln(w, "\nHow to go on:")
	if t := firstFailed(r); t != nil {
		if t.Campaign != "" {
			fmt.Fprintf(w, "  %s\twhy %s failed\n", say.Vast("campaign", "status", t.Campaign), t.Name)
		} else {
			fmt.Fprintf(w, "  %s\twhy %s failed\n", say.Vast("status", t.TaskID), t.Name)
			fmt.Fprintf(w, "  %s\tits logs\n", say.Vast("run", "logs", r.ID, t.Name))
		}
	}
	if r.Ended() {
		fmt.Fprintf(w, "  %s\tdelete it; its results stay\n", say.Vast("run", "delete", r.ID))
	} else {
		fmt.Fprintf(w, "  %s\tfollow it\n", say.Vast("run", "watch", r.ID))
		fmt.Fprintf(w, "  %s\tstop it\n", say.Vast("run", "stop", r.ID))
	}
	_ = w.Flush()
}

// firstFailed returns the first task of a run that has failed and has a Job or a campaign
// that can be looked at; nil if there is none.
func firstFailed(r *api.WorkflowRun) *api.WorkflowTask {
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.Status == "failed" && t.TaskID+t.Campaign != "" && t.Cause != string(api.CauseDeleted) {
			return t
		}
	}
	return nil
}
