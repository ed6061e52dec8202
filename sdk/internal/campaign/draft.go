package campaign

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// draft is a campaign as far as it is known without asking the cluster.
type draft struct {
	spec    *spec.Campaign
	configs *configurations
	inputs  *inputs
	record  *layout.Record
	// agent is the image of our own containers, if not that of the record.
	agent string
	// lost are warnings about parameters, notes about all else.
	lost, notes []string
}

// target is where a campaign is to run.
type target struct{ context, namespace, user string }

func targetOf(conn *access.Conn) target {
	return target{context: conn.Context, namespace: conn.Namespace, user: conn.OfflineUser()}
}

// newDraft checks a campaign and reads its files. rendered: it is only shown.
func newDraft(ctx context.Context, to target, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions, rendered bool) (*draft, error) {
	if err := checkOptions(o); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(o.Secrets)) {
		if !slices.Contains(s.Execution.Secrets, name) {
			return nil, api.Invalid("--secret", "%s is no secret of %s", name, s.Path)
		}
	}
	if len(o.Configs) > 0 {
		var err error
		if configs, err = variation.Select(configs, o.Configs); err != nil {
			return nil, err
		}
	}
	in, err := gather(ctx, s, rendered)
	if err != nil {
		return nil, err
	}
	d := &draft{spec: s, inputs: in, configs: &configurations{Configs: configs}}
	runs := cmp.Or(o.Runs, s.Execution.Runs)
	if configs.Len() == 0 || runs < 1 {
		return nil, problem(s, "configuration", "there is nothing to run: it needs at least one configuration and one run")
	}
	if s.Execution.Command != "" { // a scenario reads the file
		if d.lost, err = lostVariables(ctx, configs); err != nil {
			return nil, err
		}
	}
	now := time.Now()
	sum := sha256.Sum256(s.Data)
	d.record = &layout.Record{
		Version: layout.RecordVersion, Name: cmp.Or(o.Name, s.Name, defaultName), Context: to.context,
		Namespace: to.namespace, User: to.user, Created: now.Truncate(time.Second),
		File: s.Path, FileSHA256: hex.EncodeToString(sum[:]), Inputs: in.sum, Scenario: in.scenario,
		Image: s.Execution.Image, AgentImage: cmp.Or(o.AgentImage, kube.AgentImageFor(o.Version)),
		Priority: o.Priority, Profile: o.Profile, KeepSeconds: int64(cmp.Or(o.Keep, api.DefaultKeep).Seconds()),
		Random:      configs.Random(),
		ConfigCount: configs.Len(), Runs: runs, Total: configs.Len() * runs, RunsPerJob: max(s.Execution.RunsPerJob, 1),
	}
	d.record.Jobs = (d.record.Total + d.record.RunsPerJob - 1) / d.record.RunsPerJob
	if !rendered { // nobody reads the record of what is only shown
		d.record.Configs = make([]string, 0, configs.Len())
		for config := range configs.All() {
			d.record.Configs = append(d.record.Configs, config.Name)
		}
	}
	if err := kube.CheckAgentImage(d.record.AgentImage); err != nil {
		return nil, err
	}
	if notice := kube.AgentNotice(o.AgentImage, d.record.AgentImage); notice != "" {
		d.notes = append(d.notes, notice)
	}
	if o.Version != "" {
		d.record.Versions = map[string]string{"kubevast": o.Version}
	}
	if o.Queue != queue.None {
		d.record.Queue = o.Queue
	}
	d.record.ID = cmp.Or(o.ID, newID(d.record.Name, now, 0))
	return d, nil
}

func checkOptions(o api.CampaignOptions) error {
	errs := []error{task.CheckOptions(api.SubmitOptions{Queue: o.Queue, Keep: o.Keep, Profile: o.Profile, AgentImage: o.AgentImage, DryRun: o.DryRun})}
	if o.Runs < 0 {
		errs = append(errs, api.Invalid("--runs", "%d is out of range; give 1 or more", o.Runs))
	}
	if o.ID != "" {
		errs = append(errs, checkID(o.ID))
	}
	return api.JoinInvalid(errs...)
}

// warnings are about the file, and about what was found beside it.
func (d *draft) warnings() []string {
	var out []string
	if len(d.spec.Ignored) > 0 {
		out = append(out, fmt.Sprintf("ignored fields, which have no effect here: %s", strings.Join(d.spec.Ignored, ", ")))
	}
	return slices.Concat(out, d.lost, d.inputs.warnings, d.notes)
}

// plan is the draft's plan by its record as it is now.
func (d *draft) plan() (*plan, error) {
	r := *d.record
	r.AgentImage = cmp.Or(d.agent, r.AgentImage)
	return newPlan(&d.spec.Execution, d.configs, &r)
}

// render yields the Jobs of a campaign, and returns its warnings. It sends no
// request.
func render(ctx context.Context, to target, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (iter.Seq2[*batchv1.Job, error], []string, error) {
	d, err := newDraft(ctx, to, s, configs, o, true)
	if err != nil {
		return nil, nil, err
	}
	p, err := d.plan()
	if err != nil {
		return nil, nil, err
	}
	return until(ctx, p.jobs()), slices.Concat(d.warnings(), p.warnings), nil
}

// until yields Jobs for as long as ctx has not ended, and then its error.
func until(ctx context.Context, jobs iter.Seq2[*batchv1.Job, error]) iter.Seq2[*batchv1.Job, error] {
	return func(yield func(*batchv1.Job, error) bool) {
		for job, err := range jobs {
			if err = cmp.Or(ctx.Err(), err); !yield(job, err) || err != nil {
				return
			}
		}
	}
}

func problem(s *spec.Campaign, at, format string, args ...any) error {
	return &api.InvalidSpecError{Problems: []api.Problem{{File: s.Path, Path: at, Message: fmt.Sprintf(format, args...)}}}
}
