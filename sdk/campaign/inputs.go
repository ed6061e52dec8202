package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/files"
	"github.com/kubevast/vast/sdk/pack"
	"github.com/kubevast/vast/sdk/spec"
)

// inputs is what a campaign brings along from where its file lies.
type inputs struct {
	// entries go into the pack that is unpacked to /config; sum is its hash,
	// empty when there is nothing to pack.
	entries  []pack.Entry
	sum      string
	scenario string // its name
	warnings []string
}

// gather reads the scenario and the run files, which keep their paths beside
// the .vast file. Where a campaign is only rendered a scenario may be missing:
// then its file's name stands for its own.
func gather(ctx context.Context, s *spec.Campaign, rendered bool) (*inputs, error) {
	root := files.Folder(s.Path)
	in := &inputs{}
	list, err := in.find(root, s)
	if err != nil {
		return nil, err
	}
	if name := path.Clean(s.Execution.ScenarioFile); s.Execution.ScenarioFile != "" {
		switch err := in.readScenario(root, s); {
		case err == nil:
			list = append(list, name)
		case rendered && !fileExists(filepath.Join(root, name)):
			in.scenario = strings.TrimSuffix(path.Base(name), path.Ext(name))
			in.warnings = append(in.warnings, fmt.Sprintf("%v; without it the campaign cannot be submitted", err))
		default:
			return nil, err
		}
	}
	slices.Sort(list)
	for _, name := range slices.Compact(list) {
		file := filepath.Join(root, filepath.FromSlash(name))
		info, err := os.Stat(file)
		if err != nil {
			return nil, problem(s, "execution.run_files", "%v", err)
		}
		in.entries = append(in.entries, pack.Entry{Name: name, Path: file, Mode: info.Mode(), Size: info.Size()})
	}
	if len(in.entries) > 0 {
		stat, err := in.write(ctx, io.Discard)
		if err != nil {
			return nil, err
		}
		in.sum = stat.SHA256
	}
	return in, nil
}

// write writes the pack; the same files give the same bytes each time.
func (in *inputs) write(ctx context.Context, w io.Writer) (pack.Stat, error) {
	return pack.Write(ctx, w, in.entries, pack.WriteOptions{})
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// find matches the globs. One without a slash also fits names in any folder, as
// in RoboVAST.
func (in *inputs) find(root string, s *spec.Campaign) ([]string, error) {
	var list []string
	below := os.DirFS(root)
	for i, glob := range s.Execution.RunFiles {
		pattern := path.Clean(glob)
		if !strings.Contains(pattern, "/") {
			pattern = "**/" + pattern
		}
		found, err := doublestar.Glob(below, pattern, doublestar.WithFilesOnly())
		if err != nil {
			return nil, problem(s, fmt.Sprintf("execution.run_files[%d]", i), "%q is no pattern: %v", glob, err)
		}
		if len(found) == 0 {
			in.warnings = append(in.warnings, fmt.Sprintf("execution.run_files: nothing fits %q in %s", glob, root))
		}
		list = append(list, slices.DeleteFunc(found, isGits)...)
	}
	return list, nil
}

// isGits reports a file of a repository's own, which nobody means by "*".
func isGits(name string) bool { return slices.Contains(strings.Split(name, "/"), ".git") }

// CheckScenario returns what is wrong with the file of the scenario, which is not
// there or is none; nil for a campaign without one. It is for spec.Inputs.Check,
// so that this is told together with all else that is wrong with a campaign.
func CheckScenario(s *spec.Campaign) []api.Problem {
	var invalid *api.InvalidSpec
	if s.Execution.ScenarioFile == "" || !errors.As((&inputs{}).readScenario(files.Folder(s.Path), s), &invalid) {
		return nil
	}
	return invalid.Problems
}

func (in *inputs) readScenario(root string, s *spec.Campaign) error {
	wrong := func(format string, args ...any) error {
		e := &s.Execution
		return &api.InvalidSpec{Problems: []api.Problem{{File: s.Path, Line: e.ScenarioAt.Line, Column: e.ScenarioAt.Column,
			Path: "execution.scenario_file", Message: fmt.Sprintf(format, args...)}}}
	}
	data, err := files.Regular(filepath.Join(root, filepath.FromSlash(s.Execution.ScenarioFile)), spec.MaxCampaignBytes)
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
	in.scenario = string(found[1])
	return nil
}

func problem(s *spec.Campaign, at, format string, args ...any) error {
	return &api.InvalidSpec{Problems: []api.Problem{{File: s.Path, Path: at, Message: fmt.Sprintf(format, args...)}}}
}
