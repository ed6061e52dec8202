package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// outputs fetches the files that another task of the workflow has saved, those of its nodes
// by rank. A file that exists already is an error, unless the orders allow to replace it.
func (f *Fetcher) outputs(ctx context.Context, item agentspec.Item) error {
	if err := os.MkdirAll(item.To, 0o755); err != nil {
		return err
	}
	o := item.Outputs
	if o.Task == "" { // it was skipped, or did not start
		if o.Path != "" {
			return fmt.Errorf("task %q has not executed, so it has no outputs %q", o.Name, o.Path)
		}
		return nil
	}
	s, err := f.store()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(item.To)
	if err != nil {
		return err
	}
	defer root.Close()
	if f.from == nil {
		f.from = map[string]string{}
	}
	only := strings.Trim(path.Clean("/"+o.Path), "/")
	found := false
	var items []store.Download
	send := func() error {
		err := store.DownloadAll(ctx, s, items, store.TransferOptions{Root: root, Overwrite: true})
		items = items[:0]
		return err
	}
	prefix, nameOf := layout.TaskPrefix(o.Task), ofNode
	if o.Campaign {
		prefix, nameOf = layout.CampaignPrefix(o.Task), ofRun
	}
	for object, err := range s.List(ctx, prefix, store.ListOptions{}) {
		if err != nil {
			return fmt.Errorf("the outputs of task %q: %w", o.Name, err)
		}
		name := nameOf(strings.TrimPrefix(object.Key, prefix))
		if name == "" {
			continue
		}
		if only != "" && name != only && !strings.HasPrefix(name, only+"/") {
			continue
		}
		found = true
		at := path.Join(item.To, name)
		if other := f.from[at]; other != "" && !o.Overwrite {
			return fmt.Errorf("the file %q is in the outputs of task %q and of %q; choose other paths, or set \"overwrite\"", name, other, o.Name)
		}
		f.from[at] = o.Name
		if items = append(items, store.Download{Key: object.Key, Path: filepath.FromSlash(name), Size: object.Size}); len(items) == batch {
			if err := send(); err != nil {
				return fmt.Errorf("the outputs of task %q: %w", o.Name, err)
			}
		}
	}
	if err := send(); err != nil {
		return fmt.Errorf("the outputs of task %q: %w", o.Name, err)
	}
	if !found && only != "" {
		return fmt.Errorf("task %q has saved no outputs %q", o.Name, o.Path)
	}
	return nil
}

// ofNode returns the path of a file among the outputs of a task, from its key below the task's
// prefix: that of the node and its path. It is empty for an object that is none.
func ofNode(key string) string {
	rank, name, ok := strings.Cut(key, "/")
	if _, err := strconv.Atoi(rank); err != nil || !ok || strings.HasPrefix(name, layout.Own) || name == agentspec.OutputsFile {
		return ""
	}
	return name
}

// ofRun returns the path of a file among the results of a campaign, from its key below the
// campaign's prefix: <config>/<run>/<path>. It is empty for an object that is none.
func ofRun(key string) string {
	config, rest, _ := strings.Cut(key, "/")
	run, name, ok := strings.Cut(rest, "/")
	if _, err := strconv.Atoi(run); err != nil || !ok || strings.HasPrefix(config, "_") || strings.HasPrefix(name, layout.Own) {
		return ""
	}
	return key
}

// variable is one that a task passes to others.
type variable struct{ name, value, task string }

// nameOfVariable is what the name of a variable looks like.
var nameOfVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variables adds the variables of a task to the script that exports them. One that two tasks
// pass with different values is an error, unless the orders allow to replace it.
func (f *Fetcher) variables(ctx context.Context, item agentspec.Item) error {
	o := item.Outputs
	text, err := f.variablesOf(ctx, o)
	if err != nil {
		return err
	}
	if f.passed == nil {
		f.passed = map[string][]variable{}
	}
	all := f.passed[item.To]
	mine := map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		name, value, ok := strings.Cut(strings.TrimLeft(line, " \t"), "=")
		if !ok || !slices.Contains(o.Env, name) || !nameOfVariable.MatchString(name) {
			continue // the launcher of the task has checked the lines
		}
		v := variable{name, value, o.Name}
		if i, again := mine[name]; again {
			all[i] = v
			continue
		}
		i := slices.IndexFunc(all, func(have variable) bool { return have.name == name })
		switch {
		case i < 0:
			all, i = append(all, v), len(all)
		case all[i].value != value && !o.Overwrite:
			return fmt.Errorf("the variable %q has different values from task %q and from %q; use two names", name, all[i].task, o.Name)
		default:
			all[i] = v
		}
		mine[name] = i
	}
	f.passed[item.To] = all
	var script strings.Builder
	for _, v := range all {
		fmt.Fprintf(&script, "export %s='%s'\n", v.name, strings.ReplaceAll(v.value, "'", `'\''`))
	}
	return writeFile(item.To, script.String())
}

// variablesOf returns the content of the file of variables of a task; empty if it has none.
func (f *Fetcher) variablesOf(ctx context.Context, o *agentspec.Outputs) (string, error) {
	if o.Task == "" || o.Campaign {
		return "", nil
	}
	s, err := f.store()
	if err != nil {
		return "", err
	}
	r, object, err := s.Get(ctx, layout.NodePrefix(o.Task, 0)+agentspec.OutputsFile, 0)
	if missing := (*api.NotFoundError)(nil); errors.As(err, &missing) && missing.Kind == "object" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("the variables of task %q: %w", o.Name, err)
	}
	defer r.Close()
	if object.Size > agentspec.MaxOutputs {
		return "", fmt.Errorf("the variables of task %q have %d bytes; at most %d are allowed", o.Name, object.Size, agentspec.MaxOutputs)
	}
	data, err := io.ReadAll(io.LimitReader(r, agentspec.MaxOutputs))
	if err != nil {
		return "", fmt.Errorf("the variables of task %q: %w", o.Name, err)
	}
	return string(data), nil
}
