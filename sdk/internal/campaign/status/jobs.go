package status

import (
	"cmp"
	"context"
	"slices"
	"sync"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// Read returns the records that o selects and the runs that have Jobs, by the
// campaign's id. Both are read at the same time, unless only the records
// determine which Jobs are selected. changes reports whether the caller is
// going to change them.
func (c *Reader) Read(ctx context.Context, o api.CampaignListOptions, changes bool) (records []*layout.Record, jobs map[string]JobRuns, missing, err error) {
	if o.Refs, err = c.records.ParseRefs(o.Refs); err != nil {
		return nil, nil, nil, err
	}
	var both sync.WaitGroup
	var jobsErr error
	readJobs := func(ids []string) {
		both.Go(func() { jobs, jobsErr = c.JobRuns(ctx, ids, o.AllUsers) })
	}
	whole := record.AreIDs(o.Refs)
	if whole {
		readJobs(o.Refs)
	}
	records, missing, err = c.records.Find(ctx, o, changes)
	if !whole && len(records) > 0 {
		var ids []string
		for _, r := range records {
			ids = append(ids, r.ID)
		}
		readJobs(ids)
	}
	both.Wait()
	return records, jobs, missing, cmp.Or(err, jobsErr)
}

// JobRuns are the runs of one campaign that have Jobs.
type JobRuns map[layout.RunRef]Run

// active reports whether some of them have not ended.
func (j JobRuns) active() bool {
	for _, run := range j {
		if !run.State.Ended() {
			return true
		}
	}
	return false
}

// JobRuns reads the Jobs of these campaigns; of none in particular: of the
// caller's own or of all.
func (c *Reader) JobRuns(ctx context.Context, ids []string, allUsers bool) (map[string]JobRuns, error) {
	sel, err := c.records.Selector(ctx, kube.KindRun, ids, allUsers)
	if err != nil {
		return nil, err
	}
	all := map[string]JobRuns{}
	err = c.tasks.EachJob(ctx, c.conn.Namespace, sel, func(job *batchv1.Job, s *api.TaskStatus) {
		id := job.Annotations[kube.AnnotationCampaign]
		if job.Labels[kube.LabelCampaign] != kube.LabelValue(id) {
			return // its campaign is unknown
		}
		if all[id] == nil {
			all[id] = JobRuns{}
		}
		one := fromJob(job, s)
		for _, ref := range runsOf(job) {
			all[id][ref] = one
		}
	})
	return all, err
}

// activity is how far the runs are that go on, in the order of their names. Of
// a Job of packed runs one speaks for all.
func (c *Reader) activity(ctx context.Context, r *layout.Record, runs map[layout.RunRef]Run) []api.RunProgress {
	progress := c.tasks.Progress(ctx, c.conn.Namespace, map[string]string{kube.LabelCampaign: kube.LabelValue(r.ID)})
	var refs []layout.RunRef
	for ref, run := range runs {
		if _, ok := progress[run.taskID]; ok && !run.State.Ended() {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, compareRuns)
	var out []api.RunProgress
	for _, ref := range refs {
		id := runs[ref].taskID
		if p, ok := progress[id]; ok {
			delete(progress, id)
			out = append(out, api.RunProgress{Run: ref.String(), TaskID: id, Progress: p})
		}
	}
	return out
}
