package api

import (
	"iter"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// RenderedTask is a task that would be created.
type RenderedTask struct {
	// Task is the task without what only a cluster reports: no state, no time.
	Task *TaskStatus
	// Objects are in the order of their creation. The Job is the last one.
	Objects  []runtime.Object
	Warnings []Notice
}

// RenderedCampaign is a campaign that would be created.
type RenderedCampaign struct {
	// Campaign is the campaign without what only a cluster reports. Runs.Total is
	// the number of its runs.
	Campaign *Campaign
	// Jobs yields the Jobs in the order of their creation. Each is generated when
	// the iteration reaches it, so memory use does not depend on their number. They
	// share memory and must not be changed. An error ends the iteration.
	Jobs     iter.Seq2[*batchv1.Job, error]
	Warnings []Notice
}
