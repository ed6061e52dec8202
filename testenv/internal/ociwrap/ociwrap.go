// Package ociwrap makes container specifications fit a host that lacks
// CAP_SYS_RESOURCE. There runc fails on what only that capability allows: to grant
// it to a privileged container, to raise a hard resource limit, to lower the score
// by which the kernel picks a process when memory runs out.
package ociwrap

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// missing is the capability that the host does not have.
const missing = "CAP_SYS_RESOURCE"

// Files returns the files that the arguments of a runc call name and that describe a
// process: the bundle's config.json of `create` and `run`, the process file of `exec`.
func Files(args []string) []string {
	var files []string
	if bundle := flagValue(args, "bundle", "b"); bundle != "" {
		files = append(files, bundle+"/config.json")
	}
	if process := flagValue(args, "process", "p"); process != "" {
		files = append(files, process)
	}
	return files
}

func flagValue(args []string, long, short string) string {
	for i, arg := range args {
		name, value, hasValue := strings.Cut(arg, "=")
		if name != "--"+long && name != "-"+long && name != "-"+short {
			continue
		}
		if hasValue {
			return value
		}
		if i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// RewriteFile applies Rewrite to a file. The permissions stay.
func RewriteFile(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fixed, err := Rewrite(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, fixed, 0o600)
}

// Rewrite edits a container specification or the description of one process. What
// it does not know it leaves as it is.
func Rewrite(raw []byte) ([]byte, error) {
	var document map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber() // masks and limits do not fit a float64
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	process := document // of a process file the document is the process itself
	if inner, ok := document["process"].(map[string]any); ok {
		process = inner
	}
	delete(process, "rlimits")
	if score, ok := process["oomScoreAdj"].(json.Number); ok && strings.HasPrefix(score.String(), "-") {
		process["oomScoreAdj"] = 0
	}
	if sets, ok := process["capabilities"].(map[string]any); ok {
		for name, set := range sets {
			sets[name] = without(set, missing)
		}
	}
	return json.Marshal(document)
}

func without(set any, unwanted string) any {
	list, ok := set.([]any)
	if !ok {
		return set
	}
	kept := []any{}
	for _, capability := range list {
		if capability != unwanted {
			kept = append(kept, capability)
		}
	}
	return kept
}
