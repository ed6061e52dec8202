package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
	"github.com/kubevast/vast/sdk/spec"
)

// Located translates the API server's error about the Job's pod to the file: a
// problem with a value that pod_config has brought gets its position and path
// there. Everything else is returned as it is.
func (o *Objects) Located(err error) error {
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) || len(o.task.PodConfig) == 0 {
		return err
	}
	w := whence{task: o.task, merged: asFields(o.Job.Spec.Template), config: asFields(o.task.PodConfig)}
	out := &api.InvalidSpecError{Problems: slices.Clone(invalid.Problems)}
	for i, p := range out.Problems {
		below, ok := strings.CutPrefix(p.Path, "spec.template.")
		if !ok {
			continue
		}
		if path, ok := w.find(below); ok {
			at := o.task.PodConfigPlace(path)
			out.Problems[i] = api.Problem{File: o.task.Source.File, Line: at.Line, Column: at.Column, Path: podConfigPath + "." + path, Message: p.Message}
		}
	}
	sortProblems(out.Problems)
	return out
}

// asFields is v as maps and lists; the same kind of numbers for both that are
// compared.
func asFields(v any) any {
	var out any
	if data, err := json.Marshal(v); err == nil {
		_ = json.Unmarshal(data, &out) // it was made of valid values
	}
	return out
}

// whence finds where in pod_config a value of the merged pod comes from.
type whence struct {
	task           *spec.Task
	merged, config any
}

// step is one part of a path as the API server writes it: a field, or "[0]", or
// "[cpu]" for the key of a map.
var step = regexp.MustCompile(`\[[^\]]*\]|[^.\[]+`)

func (w whence) find(path string) (string, bool) {
	steps := step.FindAllString(path, -1)
	if len(steps) > 0 && (steps[0] == "labels" || steps[0] == "annotations") {
		steps = append([]string{"metadata"}, steps...) // the API server leaves it out
	}
	if len(steps) > 1 && steps[0] == "spec" && steps[1] == "initContainers" {
		// Containers beside the task's are written as such, and run as these.
		if at, ok := w.sidecar(steps); ok {
			steps = at
			w.merged = asFields(map[string]any{"spec": map[string]any{"containers": w.list("initContainers")}})
		}
	}
	merged, config, field, out := w.merged, w.config, "", ""
	for i, s := range steps {
		index, err := strconv.Atoi(strings.Trim(s, "[]"))
		if list, ok := merged.([]any); ok && strings.HasPrefix(s, "[") && err == nil && index < len(list) {
			own, _ := config.([]any)
			at := slices.IndexFunc(own, func(e any) bool { return sameEntry(field, e, list[index]) })
			if at < 0 {
				return out, field == "nodeSelectorTerms"
			}
			merged, config, out = list[index], own[at], fmt.Sprintf("%s[%d]", out, at)
			continue
		}
		field = strings.Trim(s, "[]")
		m, ok := merged.(map[string]any)
		if !ok {
			return "", false
		}
		c, _ := config.(map[string]any)
		next, there := c[field]
		if !there {
			// It is not set, so it is what the user's value lacks.
			_, set := m[field]
			return yamlfile.Below(out, field), !set && i > 1
		}
		merged, config, out = m[field], next, yamlfile.Below(out, field)
	}
	return out, len(steps) > 1
}

func (w whence) list(name string) []any {
	pod, _ := w.merged.(map[string]any)
	return listAt(pod, "spec", name)
}

// sidecar returns the steps to a container of pod_config that the merged pod has
// among its init containers.
func (w whence) sidecar(steps []string) ([]string, bool) {
	if len(steps) < 3 {
		return nil, false
	}
	index, err := strconv.Atoi(strings.Trim(steps[2], "[]"))
	all := w.list("initContainers")
	if err != nil || index >= len(all) {
		return nil, false
	}
	config, _ := w.config.(map[string]any)
	for _, c := range listAt(config, "spec", "containers") {
		if sameEntry("containers", c, all[index]) {
			return append([]string{"spec", "containers"}, steps[2:]...), true
		}
	}
	return nil, false
}

// sameEntry reports that an entry of a list in pod_config is the one of the merged
// pod.
func sameEntry(field string, own, merged any) bool {
	key, keyed := listKeys[field]
	o, isMap := own.(map[string]any)
	m, _ := merged.(map[string]any)
	switch {
	case !keyed || !isMap:
		return reflect.DeepEqual(own, merged)
	case field == "containers" && isTasks(o):
		return m[key] == Container
	case field == "ports" && protocol(o) != protocol(m):
		return false
	}
	return reflect.DeepEqual(o[key], m[key])
}
