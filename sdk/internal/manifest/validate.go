package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/spec"
)

const (
	// maxEnv bounds one variable: Linux allows at most 128 KiB per environment string,
	// the name included.
	maxEnv = 120 << 10
	// maxScripts is the capacity of a ConfigMap, less its metadata.
	maxScripts = 1000 << 10
	maxNodes   = 10000
)

// validate checks the final pod against rules of Kubernetes that the parser cannot
// check. It returns all problems at once.
func (b *builder) validate(pod *corev1.PodTemplateSpec) error {
	v := &problems{file: b.task.Source.File, line: b.task.Source.Line, list: slices.Clone(b.problems)}
	if n := b.task.NumNodes; n < 1 || n > maxNodes {
		v.add("num_nodes", "%d is out of range; a task has 1 to %d nodes", n, maxNodes)
	}
	for _, key := range slices.Sorted(maps.Keys(b.res.Labels)) {
		v.label("resources.labels."+key, key, b.res.Labels[key])
	}
	for _, e := range slices.Concat(b.task.Envs, b.task.Secrets) {
		if len(e.Name)+len(e.Value) > maxEnv {
			v.add("envs."+e.Name, "the value has %d bytes; a variable holds at most %d. Put it into a volume", len(e.Value), maxEnv)
		}
	}
	if n := len(b.task.Setup) + len(b.task.Run); n > maxScripts {
		v.add("run", "setup and run together have %d bytes; at most %d are possible. Put the program into the image or a volume", n, maxScripts)
	}
	if image := b.image(); b.res.Image != "" && image != b.res.Image {
		if _, wrong := rules.Image(image); wrong != "" { // which would print the value, perhaps a secret
			v.add(dockerServer, "with it the image has no valid name; write the registry as the names of its images begin, for example ghcr.io/lab")
		}
	}
	r := b.reach()
	r.problems = v
	r.finished(pod, b)
	v.reservedEnv(b.task)
	sortProblems(v.list)
	return v.err()
}

// sortProblems sorts problems by their position in the file.
func sortProblems(list []api.Problem) {
	slices.SortStableFunc(list, func(a, b api.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

type problems struct {
	file string
	line int
	list []api.Problem
}

func (v *problems) add(path, format string, args ...any) {
	v.list = append(v.list, api.Problem{File: v.file, Line: v.line, Column: 1, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (v *problems) addAt(at spec.Position, path, format string, args ...any) {
	v.list = append(v.list, api.Problem{File: v.file, Line: at.Line, Column: at.Column, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (v *problems) err() error {
	if len(v.list) == 0 {
		return nil
	}
	return &api.InvalidSpecError{Problems: v.list}
}

func (v *problems) label(path, key, value string) {
	if msg := reservedKey(key, value); msg != "" {
		v.add(path, "%s", msg)
	}
	for _, msg := range validation.IsQualifiedName(key) {
		v.add(path, "not a label's name: %s", msg)
	}
	for _, msg := range validation.IsValidLabelValue(value) {
		v.add(path, "%q is not a label's value: %s", value, msg)
	}
}

// finished checks that pod_config has not broken what the launcher and the agent rely on.
// Names of our containers have been rejected already.
func (v *reach) finished(pod *corev1.PodTemplateSpec, b *builder) {
	if len(pod.Spec.Containers) == 0 || pod.Spec.Containers[0].Name != Container {
		v.refuse("spec.containers", "the first container must be %q, the one that runs the task", Container)
	}
	if pod.Spec.RestartPolicy != corev1.RestartPolicyNever {
		v.refuse("spec.restartPolicy", "%q is not possible; a node of a task runs once (Never)", pod.Spec.RestartPolicy)
	}
	names := map[string]bool{}
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if names[c.Name] && !(v.secrets && strings.HasPrefix(c.Name, oursPrefix)) {
			v.refuse(b.containerPath(c.Name), "two containers of the pod are named %q; choose another name", c.Name)
		}
		names[c.Name] = true
	}
	seen := map[string]string{}
	for _, m := range pod.Spec.Containers[0].VolumeMounts {
		if other, twice := seen[m.MountPath]; twice {
			v.add("volumes."+m.MountPath, "volumes %q and %q are mounted at the same path; choose two paths", other, m.Name)
		}
		seen[m.MountPath] = m.Name
	}
}

// reservedEnv finds reserved variables that pod_config sets in the main container. It
// checks pod_config itself, since in the merged pod they look like ours.
func (v *problems) reservedEnv(task *spec.Task) {
	pod, _ := task.PodConfig["spec"].(map[string]any)
	containers, _ := pod["containers"].([]any)
	for i, c := range containers {
		container, _ := c.(map[string]any)
		if name, named := container["name"]; named && name != skyContainer && name != Container {
			continue
		}
		env, _ := container["env"].([]any)
		for j, e := range env {
			entry, _ := e.(map[string]any)
			name, _ := entry["name"].(string)
			if msg := rules.ReservedVariable(name); msg != "" {
				path := fmt.Sprintf("spec.containers[%d].env[%d].name", i, j)
				v.addAt(task.PodConfigPlace(path), podConfigPath+"."+path, "%s %s", name, msg)
			}
		}
	}
}
