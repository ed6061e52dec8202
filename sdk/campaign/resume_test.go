package campaign

import (
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

func TestADryRunOfAResumptionChangesNothing(t *testing.T) {
	w := newWorld(t)
	id := w.begin(1)
	before := len(w.keys(""))
	if _, err := w.run(api.CampaignOptions{ID: id, DryRun: api.DryRunServer}); !is[*api.InvalidSpec](err) {
		t.Errorf("it is answered with %v", err)
	}
	if w.recordOf(id).Complete || len(w.jobs()) != 1 || len(w.keys("")) != before {
		t.Errorf("there are %d Jobs and %d objects, and the record is %+v", len(w.jobs()), len(w.keys("")), w.recordOf(id))
	}
	w.submit(api.CampaignOptions{ID: id})
	if !w.recordOf(id).Complete || len(w.jobs()) != 3 {
		t.Errorf("resumed it has %d Jobs and the record %+v", len(w.jobs()), w.recordOf(id))
	}
}
