package campaign

import (
	"fmt"
	"iter"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/spec"
)

// plan is a campaign as it is to be run: its record, and all that its Jobs are
// made of. It is pure: the same plan gives the same Jobs, on whatever machine
// and whenever they are made.
type plan struct {
	record    *Record
	execution *spec.Execution
	configs   map[string]*configuration
	template  *jobTemplate
	warnings  []string
}

// newPlan makes the plan of a record whose fields are all filled in, but for
// the counts. Everything that is wrong comes back at once as *api.InvalidSpec.
func newPlan(e *spec.Execution, configs []configuration, r *Record) (*plan, error) {
	p := &plan{record: r, execution: e, configs: make(map[string]*configuration, len(configs))}
	for i := range configs {
		p.configs[configs[i].Name] = &configs[i]
	}
	var err error
	if p.template, p.warnings, err = newTemplate(e, r); err != nil {
		return nil, err
	}
	for ref := range r.All() {
		if p.configs[ref.Config] == nil {
			return nil, &api.Conflict{Message: fmt.Sprintf("campaign %s has a configuration %q that its list does not have", r.ID, ref.Config)}
		}
	}
	return p, nil
}

// chosen fills in which runs there are: those of all configurations, or those
// that are selected.
func (r *campaignRuns) chosen(record *Record) {
	record.Configs, record.Runs, record.Selected = r.configs, r.runs, r.selected
	record.ConfigCount = len(r.configs)
	record.Total = len(r.configs) * r.runs
	if len(r.selected) > 0 {
		record.Total = len(r.selected)
	}
	record.Jobs = (record.Total + record.RunsPerJob - 1) / record.RunsPerJob
}

// campaignRuns are the runs that somebody asked for.
type campaignRuns struct {
	configs  []string
	runs     int
	selected []keep.RunRef
}

// groups yields the runs of one Job after the other, in the order in which the
// Jobs are made. What it yields may not be kept.
func (p *plan) groups() iter.Seq[[]keep.RunRef] {
	return func(yield func([]keep.RunRef) bool) {
		var group []keep.RunRef
		for ref := range p.record.All() {
			if group = append(group, ref); len(group) < p.record.RunsPerJob {
				continue
			}
			if !yield(group) {
				return
			}
			group = group[:0]
		}
		if len(group) > 0 {
			yield(group)
		}
	}
}

// jobs yields the campaign's Jobs. One is in memory at a time.
func (p *plan) jobs() iter.Seq2[*batchv1.Job, error] {
	return func(yield func(*batchv1.Job, error) bool) {
		number := 0
		for runs := range p.groups() {
			job, err := p.jobOf(number, runs).build()
			if !yield(job, err) || err != nil {
				return
			}
			number++
		}
	}
}
