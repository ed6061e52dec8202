package sdk_test

import (
	"testing"
	"time"

	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/api"
)

func TestARerunWithTheSameRequestIDIsOneRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.gate(t.Context(), workflow.Observed{Now: time.Now(), Cancel: true}); err != nil {
		t.Fatal(err)
	}
	rerun := func(o api.WorkflowRerunOptions) (*api.WorkflowRun, error) {
		return w.Workflows().Rerun(t.Context(), w.gated, o)
	}
	first, err := rerun(api.WorkflowRerunOptions{RequestID: "a"})
	if err != nil || first.Unchanged {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := rerun(api.WorkflowRerunOptions{RequestID: "a"})
	if err != nil || !again.Unchanged || again.ID != first.ID || len(again.Tasks) != 1 {
		t.Errorf("the same request: %+v, %v; the first one is %s", again, err, first.ID)
	}
	if other, err := rerun(api.WorkflowRerunOptions{RequestID: "b"}); err != nil || other.ID == first.ID {
		t.Errorf("another request: %+v, %v", other, err)
	}
	if other, err := rerun(api.WorkflowRerunOptions{RequestID: "a", FromStart: true}); !api.IsConflict(err) {
		t.Errorf("the same request for another rerun: %+v, %v", other, err)
	}
}
