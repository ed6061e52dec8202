package campaign

import (
	"testing"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/internal/task"
	"k8s.io/client-go/kubernetes/fake"
)

func TestRunsInAStoreThatCannotBeReadAreNotRunAgain(t *testing.T) {
	r, _ := campaigntest.ThreeDaysOld()
	conn := &access.Conn{Kube: fake.NewClientset(RecordObject(r)), Namespace: "lab", Warn: func(m string, _ ...api.Remedy) { t.Log("warning:", m) }}
	records, tasks := newRecords(conn), task.New(conn, nil, nil)
	c := newRunner(records, newStatus(records, tasks, nil), tasks, nil)
	if runs, err := c.toRepeat(t.Context(), r, api.CampaignRerunOptions{Stopped: true}); err == nil {
		t.Errorf("%v would be run again", runs)
	}
}
