package sdk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// LoadTask reads and checks the file of one task, which Task.Submit takes. path
// may be an http or https URL. The error is an *api.InvalidSpecError with every
// problem of the file. A pipeline and a job group are workflows; see LoadWorkflow.
func LoadTask(ctx context.Context, path string, in spec.Inputs) (*spec.Task, error) {
	data, err := new(files.Reader).Read(ctx, path, spec.MaxBytes)
	if err != nil {
		return nil, err
	}
	f, err := spec.Parse(path, data, in)
	if err != nil {
		return nil, err
	}
	return TaskOf(f)
}

// TaskOf returns the one task of a parsed file. A file that holds something else is
// an *api.InvalidSpecError.
func TaskOf(f *spec.File) (*spec.Task, error) {
	switch f.Kind {
	case spec.KindTask:
		return f.Tasks[0], nil
	case spec.KindVolume:
		return nil, &api.InvalidSpecError{Problems: []api.Problem{{File: f.Path, Message: "this is a volume, not a task",
			Remedies: []api.Remedy{{Action: api.VolumesCreate, Options: []string{"Filename=" + f.Path}}}}}}
	}
	return nil, &api.InvalidSpecError{Problems: []api.Problem{{File: f.Path, Message: fmt.Sprintf(
		"this is a %s of %d tasks, which is a workflow, not a task", strings.ReplaceAll(string(f.Kind), "-", " "), len(f.Tasks))}}}
}

// CampaignInputs is what a caller adds to a campaign file.
type CampaignInputs struct {
	spec.Inputs
	// Configs are globs ("*", "?", "[a-c]"); configurations that match none of
	// them are left out. Empty selects all.
	Configs []string
	// Random selects the generator of random values; empty is api.RandomRoboVAST.
	Random api.Random
	// VariationPlugins are executables that generate a variation type, by the
	// name of the type. See variation.Registry.Plugin.
	VariationPlugins map[string]string
	// FileOnly checks the campaign file alone, not the files that it names.
	FileOnly bool
}

// LoadCampaign reads and checks a campaign file, expands its configurations and
// selects those that in names. Campaign.Run takes both results. The error is an
// *api.InvalidSpecError with every problem of the file.
func LoadCampaign(ctx context.Context, path string, in CampaignInputs) (*spec.Campaign, *variation.Configs, error) {
	data, err := new(files.Reader).Read(ctx, path, spec.MaxCampaignBytes)
	if err != nil {
		return nil, nil, err
	}
	return ParseCampaign(ctx, path, data, in)
}

// ParseCampaign is LoadCampaign for a file whose content was read. The files that
// it names are looked up from path.
func ParseCampaign(ctx context.Context, path string, data []byte, in CampaignInputs) (*spec.Campaign, *variation.Configs, error) {
	types, errTypes := in.registry()
	in.Check = func(s *spec.Campaign) []api.Problem {
		var problems []api.Problem
		if errTypes == nil { // otherwise a type may be missing for that reason alone
			problems = types.Check(s)
		}
		if !in.FileOnly {
			problems = append(problems, plan.CheckScenario(s)...)
		}
		return problems
	}
	c, err := spec.ParseCampaign(path, data, in.Inputs)
	if err := errors.Join(errTypes, err); err != nil {
		return nil, nil, err
	}
	configs, err := variation.Expand(ctx, c, types)
	if err != nil {
		return nil, nil, err
	}
	configs, err = variation.Select(configs, in.Configs)
	return c, configs, err
}

// registry returns the variation types of the format and those of plugins.
func (in *CampaignInputs) registry() (*variation.Registry, error) {
	types, err := variation.With(in.Random)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(in.VariationPlugins)) {
		err := types.Plugin(name, in.VariationPlugins[name])
		var invalid *api.InvalidSpecError
		if errors.As(err, &invalid) {
			err = api.InvalidOption("VariationPlugins", "%s", invalid)
		}
		errs = append(errs, err)
	}
	return types, api.JoinInvalid(errs...)
}
