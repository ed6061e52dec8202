package plan

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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// Draft is a campaign as far as it is known without asking the cluster.
type Draft struct {
	Spec    *spec.Campaign
	Configs *Configurations
	Inputs  *Inputs
	Record  *layout.Record
	// agent is the image of our own containers, if not that of the record.
	Agent string
	// lost are warnings about parameters, notes about all else.
	lost, notes []string
}

// Target is where a campaign is to run.
type Target struct{ context, Namespace, user string }

func TargetOf(conn *access.Conn) Target {
	return Target{context: conn.Context, Namespace: conn.Namespace, user: conn.OfflineUser()}
}

// NewDraft checks a campaign and reads its files. rendered: it is only shown.
func NewDraft(ctx context.Context, to Target, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions, rendered bool) (*Draft, error) {
	if err := CheckOptions(o); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(o.Secrets)) {
		if !slices.Contains(s.Execution.Secrets, name) {
			return nil, &api.InvalidSpecError{Problems: []api.Problem{{Option: "Secrets", Path: name, Message: fmt.Sprintf("not a secret of %s", s.Path)}}}
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
	d := &Draft{Spec: s, Inputs: in, Configs: &Configurations{Configs: configs}}
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
	d.Record = &layout.Record{
		Version: layout.RecordVersion, Name: cmp.Or(o.Name, s.Name, record.DefaultName), Context: to.context,
		Namespace: to.Namespace, User: to.user, Created: now.Truncate(time.Second),
		File: s.Path, FileSHA256: hex.EncodeToString(sum[:]), Inputs: in.Sum, Scenario: in.Scenario,
		Image: s.Execution.Image, AgentImage: cmp.Or(o.AgentImage, kube.AgentImageFor(o.Version)),
		Priority: o.Priority, Profile: o.Profile, KeepSeconds: int64(cmp.Or(o.TTL, api.DefaultTTL).Seconds()),
		Random:      configs.Random(),
		ConfigCount: configs.Len(), Runs: runs, Total: configs.Len() * runs, RunsPerJob: max(s.Execution.RunsPerJob, 1),
	}
	d.Record.Jobs = (d.Record.Total + d.Record.RunsPerJob - 1) / d.Record.RunsPerJob
	if !rendered { // a rendered campaign has no record
		d.Record.Configs = make([]string, 0, configs.Len())
		for config := range configs.All() {
			d.Record.Configs = append(d.Record.Configs, config.Name)
		}
	}
	if err := kube.CheckAgentImage(d.Record.AgentImage); err != nil {
		return nil, err
	}
	if notice := kube.AgentNotice(o.AgentImage, d.Record.AgentImage); notice != "" {
		d.notes = append(d.notes, notice)
	}
	if o.Version != "" {
		d.Record.Versions = map[string]string{"kubevast": o.Version}
	}
	if o.Queue != queue.None {
		d.Record.Queue = o.Queue
	}
	d.Record.ID = cmp.Or(o.ID, record.NewID(d.Record.Name, now, 0))
	return d, nil
}

func CheckOptions(o api.CampaignOptions) error {
	errs := []error{task.CheckOptions(api.SubmitOptions{Queue: o.Queue, TTL: o.TTL, Profile: o.Profile, AgentImage: o.AgentImage, DryRun: o.DryRun})}
	if o.Runs < 0 {
		errs = append(errs, api.InvalidOption("Runs", "%d is out of range; give 1 or more", o.Runs))
	}
	if o.ID != "" {
		errs = append(errs, record.CheckID(o.ID))
	}
	return api.JoinInvalid(errs...)
}

// Warnings are about the file, and about what was found beside it.
func (d *Draft) Warnings() []string {
	var out []string
	if len(d.Spec.Ignored) > 0 {
		out = append(out, fmt.Sprintf("ignored fields, which have no effect here: %s", strings.Join(d.Spec.Ignored, ", ")))
	}
	return slices.Concat(out, d.lost, d.Inputs.warnings, d.notes)
}

// Plan is the draft's plan by its record as it is now.
func (d *Draft) Plan() (*Plan, error) {
	r := *d.Record
	r.AgentImage = cmp.Or(d.Agent, r.AgentImage)
	return New(&d.Spec.Execution, d.Configs, &r)
}

// Render returns the Jobs of a campaign, and its warnings. It sends no request.
func Render(ctx context.Context, to Target, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.RenderedCampaign, error) {
	d, err := NewDraft(ctx, to, s, configs, o, true)
	if err != nil {
		return nil, err
	}
	p, err := d.Plan()
	if err != nil {
		return nil, err
	}
	r := d.Record
	campaign := &api.Campaign{TypeMeta: api.TypeMeta[api.Campaign](), ObjectMeta: metav1.ObjectMeta{Name: r.ID},
		ID: r.ID, User: r.User, Context: r.Context, Image: r.Image, Queue: r.Queue,
		Configs: r.ConfigCount, Runs: api.RunCounts{Total: r.Total}}
	var warnings []api.Notice
	for _, w := range slices.Concat(d.Warnings(), p.Warnings) {
		warnings = append(warnings, api.Notice{Message: w})
	}
	return &api.RenderedCampaign{Campaign: campaign, Jobs: until(ctx, p.Jobs()), Warnings: warnings}, nil
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
