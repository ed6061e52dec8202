package run

import (
	"testing"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/campaign/status"
	"github.com/kubevast/vast/sdk/internal/task"
)

func TestRunsInAStoreThatCannotBeReadAreNotRunAgain(t *testing.T) {
	r, _ := campaigntest.ThreeDaysOld()
	conn := &access.Conn{Kube: fake.NewClientset(record.Object(r)), Namespace: "lab", Warn: func(m string, _ ...api.Remedy) { t.Log("warning:", m) }}
	tasks := task.New(conn, nil, nil)
	records := record.New(conn, tasks.Rights())
	c := New(records, status.New(records, tasks, nil), tasks, nil)
	if runs, err := c.toRepeat(t.Context(), r, api.CampaignRerunOptions{Stopped: true}); err == nil {
		t.Errorf("%v would be run again", runs)
	}
}
