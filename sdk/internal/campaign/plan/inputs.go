package plan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Inputs are the files that a campaign brings from the folder of its file.
type Inputs struct {
	Root string // the folder that the file is in
	// entries go into the pack that is unpacked to /config; sum is its hash,
	// empty when there is nothing to pack.
	Entries  []pack.Entry
	Sum      string
	Scenario string // its name
	warnings []string
}

// maxWarnings limits how many omitted files are listed individually.
const maxWarnings = 5

// gather reads the scenario and the run files, which keep their paths relative
// to the .vast file; see pack.Scan for the treatment of links. Where a campaign
// is only rendered the scenario may be missing: then the given path is used.
func gather(ctx context.Context, s *spec.Campaign, rendered bool) (*Inputs, error) {
	if err := besideNothing(s); err != nil {
		return nil, err
	}
	in := &Inputs{Root: files.Folder(s.Path)}
	var options pack.ScanOptions
	if name := path.Clean(s.Execution.ScenarioFile); s.Execution.ScenarioFile != "" {
		switch err := in.readScenario(s); {
		case err == nil:
			options.Files = []string{name}
		case rendered && !fileExists(filepath.Join(in.Root, filepath.FromSlash(name))):
			in.Scenario = strings.TrimSuffix(path.Base(name), path.Ext(name))
			in.warnings = append(in.warnings, fmt.Sprintf("%v; without it the campaign cannot be submitted", err))
		default:
			return nil, err
		}
	}
	if err := in.find(ctx, s, options); err != nil {
		return nil, err
	}
	if len(in.Entries) > 0 {
		stat, err := in.Write(ctx, io.Discard)
		if err != nil {
			return nil, err
		}
		in.Sum = stat.SHA256
	}
	return in, nil
}

// Write writes the pack; the same files give the same bytes each time.
func (in *Inputs) Write(ctx context.Context, w io.Writer) (pack.Stat, error) {
	return pack.Write(ctx, w, in.Entries, pack.WriteOptions{})
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// find matches the globs.
func (in *Inputs) find(ctx context.Context, s *spec.Campaign, options pack.ScanOptions) error {
	for i, glob := range s.Execution.RunFiles {
		if !pack.ValidGlob(glob) {
			return problem(s, fmt.Sprintf("execution.run_files[%d]", i), "%q is no pattern", glob)
		}
		options.Globs = append(options.Globs, glob)
	}
	if options.Globs == nil && options.Files == nil {
		return nil
	}
	folder, err := pack.Scan(ctx, in.Root, options)
	var invalid *api.InvalidSpecError
	var of *fs.PathError
	switch {
	case errors.As(err, &invalid):
		for i := range invalid.Problems {
			p := &invalid.Problems[i]
			p.File, p.Path = s.Path, "execution.run_files"
		}
		return invalid
	case errors.As(err, &of):
		return problem(s, "execution.run_files", "%v", err)
	case err != nil:
		return err
	}
	in.Entries = folder.Entries
	for _, i := range folder.Unmatched {
		in.warnings = append(in.warnings, fmt.Sprintf("execution.run_files: nothing fits %q in %s (files behind links or in .git are ignored)", s.Execution.RunFiles[i], in.Root))
	}
	for i, skipped := range folder.Skipped {
		if i == maxWarnings {
			in.warnings = append(in.warnings, fmt.Sprintf("execution.run_files: %d more in %s are left out", len(folder.Skipped)-i, in.Root))
			break
		}
		in.warnings = append(in.warnings, fmt.Sprintf("execution.run_files: %v", skipped))
	}
	return nil
}

// besideNothing refuses what a campaign from the web names beside itself.
func besideNothing(s *spec.Campaign) error {
	if !files.IsURL(s.Path) {
		return nil
	}
	const says = "%s is a path relative to the file, and the file is a URL; download it with all files that it names, and submit the copy"
	switch {
	case s.Execution.ScenarioFile != "":
		return problem(s, "execution.scenario_file", says, s.Execution.ScenarioFile)
	case len(s.Execution.RunFiles) > 0:
		return problem(s, "execution.run_files[0]", says, s.Execution.RunFiles[0])
	}
	return nil
}

// CheckScenario returns what is wrong with the file of the scenario, which is
// missing or no file; nil for a campaign without one. It is a value for
// spec.Inputs.Check, so that this is reported together with all other problems
// of a campaign.
func CheckScenario(s *spec.Campaign) []api.Problem {
	var invalid *api.InvalidSpecError
	if errors.As(besideNothing(s), &invalid) {
		return invalid.Problems
	}
	if s.Execution.ScenarioFile == "" || !errors.As((&Inputs{Root: files.Folder(s.Path)}).readScenario(s), &invalid) {
		return nil
	}
	return invalid.Problems
}

func (in *Inputs) readScenario(s *spec.Campaign) error {
	wrong := func(format string, args ...any) error {
		e := &s.Execution
		return &api.InvalidSpecError{Problems: []api.Problem{{File: s.Path, Line: e.ScenarioAt.Line, Column: e.ScenarioAt.Column,
			Path: "execution.scenario_file", Message: fmt.Sprintf(format, args...)}}}
	}
	var data []byte
	file, err := pack.Open(in.Root, s.Execution.ScenarioFile)
	if err == nil {
		defer file.Close() // nothing was written
		data, err = io.ReadAll(io.LimitReader(file, spec.MaxCampaignBytes+1))
	}
	if err == nil && len(data) > spec.MaxCampaignBytes {
		err = fmt.Errorf("it is larger than %d KiB", spec.MaxCampaignBytes>>10)
	}
	if link := files.Dangling(filepath.Join(in.Root, filepath.FromSlash(s.Execution.ScenarioFile))); errors.Is(err, fs.ErrNotExist) && link != "" {
		return wrong("%s is %s; fix the link, or name another file", s.Execution.ScenarioFile, link)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return wrong("%s does not exist beside the campaign's file", s.Execution.ScenarioFile)
	}
	if err != nil {
		return wrong("%s cannot be read: %v", s.Execution.ScenarioFile, err)
	}
	found := scenarioName.FindSubmatch(data)
	if found == nil {
		return wrong("%s declares no scenario; it needs a line \"scenario NAME:\"", s.Execution.ScenarioFile)
	}
	in.Scenario = string(found[1])
	return nil
}
