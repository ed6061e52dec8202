// Package plan computes the Jobs of a campaign from its file, its configurations
// and the files beside it. It sends no request.
package plan

import (
	"fmt"
	"iter"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Plan is a campaign as it is to be run: its record, and all that its Jobs are
// made of. It is pure: the same plan gives the same Jobs, wherever and whenever
// they are made.
type Plan struct {
	Record    *layout.Record
	Execution *spec.Execution
	configs   *Configurations
	// selected are the configurations of the record's Selected, if it has any.
	selected map[string]*configuration
	template *jobTemplate
	Warnings []string
}

// plannedRun is one run, and what its configuration is.
type plannedRun struct {
	layout.RunRef
	config *configuration
}

// New makes the plan of a record whose fields are all filled in. All problems
// are returned at once as *api.InvalidSpecError.
func New(e *spec.Execution, configs *Configurations, r *layout.Record) (*Plan, error) {
	p := &Plan{Record: r, Execution: e, configs: configs}
	var err error
	if p.template, p.Warnings, err = newTemplate(e, r); err != nil {
		return nil, err
	}
	if len(r.Selected) == 0 {
		return p, nil
	}
	p.selected = map[string]*configuration{}
	for _, ref := range r.Selected {
		p.selected[ref.Config] = nil
	}
	for config := range configs.each() {
		if _, ok := p.selected[config.Name]; ok {
			p.selected[config.Name] = config
		}
	}
	for _, ref := range r.Selected {
		if p.selected[ref.Config] == nil {
			return nil, absent(r, ref.Config)
		}
	}
	return p, nil
}

// Matches makes sure that a list of configurations that lay in the store is that
// of its record: the runs are made of the list, and counted by the record.
func (p *Plan) Matches() error {
	if len(p.Record.Selected) > 0 {
		return nil
	}
	i, names := 0, p.Record.Configs
	for config := range p.configs.each() {
		if i == len(names) || names[i] != config.Name {
			return absent(p.Record, config.Name)
		}
		i++
	}
	if i < len(names) {
		return absent(p.Record, names[i])
	}
	return nil
}

func absent(r *layout.Record, config string) error {
	return &api.ConflictError{Message: fmt.Sprintf("campaign %s has another list of configurations in the store than in its record: they differ in %q", r.ID, config)}
}

// runs yields the campaign's runs in the order of keep.Record.All.
func (p *Plan) runs() iter.Seq[plannedRun] {
	return func(yield func(plannedRun) bool) {
		for _, ref := range p.Record.Selected {
			if !yield(plannedRun{ref, p.selected[ref.Config]}) {
				return
			}
		}
		if len(p.Record.Selected) > 0 {
			return
		}
		for run := range p.Record.Runs {
			for config := range p.configs.each() {
				if !yield(plannedRun{layout.RunRef{Config: config.Name, Run: run}, config}) {
					return
				}
			}
		}
	}
}

// groups yields the runs of one Job after the other, in the order in which the
// Jobs are made. What it yields may not be kept.
func (p *Plan) groups() iter.Seq[[]plannedRun] {
	return func(yield func([]plannedRun) bool) {
		var group []plannedRun
		for run := range p.runs() {
			if group = append(group, run); len(group) < p.Record.RunsPerJob {
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

// Jobs yields the campaign's Jobs. One is in memory at a time.
func (p *Plan) Jobs() iter.Seq2[*batchv1.Job, error] {
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

// MarkEnded adds the names of the Jobs whose runs have all ended.
func (p *Plan) MarkEnded(ended map[layout.RunRef]layout.Outcome, there map[string]bool) {
	number := 0
	for runs := range p.groups() {
		left := false
		for _, run := range runs {
			_, over := ended[run.RunRef]
			left = left || !over
		}
		if !left {
			there[p.jobOf(number, runs).name] = true
		}
		number++
	}
}
