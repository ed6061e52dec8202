package manifest

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"

	"github.com/kubevast/vast/sdk/api"
)

const podConfigPath = "config.kubernetes.pod_config"

// mergePodConfig merges config.kubernetes.pod_config over the pod, by
// SkyPilot's rules (sky/utils/config_utils.py): maps merge, scalars replace,
// lists of things with a name merge by that name, and every other list is
// appended to.
func (b *builder) mergePodConfig(pod *corev1.PodTemplateSpec) error {
	task := b.task
	if len(task.PodConfig) == 0 {
		return nil
	}
	found := &api.InvalidSpec{}
	problem := func(format string, args ...any) error {
		found.Problems = append(found.Problems, api.Problem{File: task.Source.File, Line: task.PodConfigAt.Line,
			Column: task.PodConfigAt.Column, Path: podConfigPath, Message: fmt.Sprintf(format, args...)})
		return found
	}
	base, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	if err != nil {
		return err
	}
	config, err := plain(task.PodConfig)
	if err != nil {
		return problem("%v", err)
	}
	merged, err := marshal(mergeMaps(base, config))
	if err != nil {
		return err
	}
	out := corev1.PodTemplateSpec{}
	strict, err := kjson.UnmarshalStrict(merged, &out)
	if err != nil {
		return problem("it does not make a pod: %v", err)
	}
	for _, unknown := range strict {
		err = problem("%v; see kubectl explain pod.spec for the fields of a pod", unknown)
	}
	if err != nil {
		return err
	}
	if b.unread != nil { // a later entry of the same name covers what is wrong
		return problem("it does not make a pod: %v", b.unread)
	}
	if len(out.Spec.Containers) == 0 {
		return problem("it leaves the pod without containers; remove spec.containers from it")
	}
	if out.Spec.ServiceAccountName == "" { // the API server takes the older field for it
		out.Spec.ServiceAccountName = out.Spec.DeprecatedServiceAccount
	}
	out.Spec.DeprecatedServiceAccount = ""
	b.weakened(pod, &out)
	*pod = out
	return nil
}

func marshal(fields map[string]any) ([]byte, error) {
	for _, key := range []string{"apiVersion", "kind"} { // some write a whole Pod
		delete(fields, key)
	}
	return json.Marshal(fields)
}

// plain brings YAML's numbers and maps to the forms that JSON has.
func plain(in map[string]any) (map[string]any, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	return out, json.Unmarshal(data, &out)
}

// listKeys names the field by which the entries of a list are matched.
var listKeys = map[string]string{
	"containers":                "name",
	"initContainers":            "name",
	"volumes":                   "name",
	"env":                       "name",
	"volumeMounts":              "mountPath",
	"ports":                     "containerPort",
	"topologySpreadConstraints": "topologyKey",
	"hostAliases":               "ip",
}

func mergeMaps(base, over map[string]any) map[string]any {
	for key, value := range over {
		base[key] = mergeValue(base[key], value, key)
	}
	return base
}

func mergeValue(base, over any, field string) any {
	switch o := over.(type) {
	case map[string]any:
		if b, ok := base.(map[string]any); ok {
			return mergeMaps(b, o)
		}
	case []any:
		if b, ok := base.([]any); ok {
			return mergeLists(b, o, field)
		}
	}
	return over
}

func mergeLists(base, over []any, field string) []any {
	switch field {
	case "args", "command":
		return over
	case "imagePullSecrets":
		if len(base) > 0 && len(over) > 0 {
			base[0] = mergeValue(base[0], over[0], "")
			over = over[1:]
		}
		return append(base, over...)
	}
	key, keyed := listKeys[field]
	if !keyed {
		return append(base, over...)
	}
	for _, entry := range over {
		i := matching(base, entry, key, field)
		if i < 0 {
			base = append(base, entry)
			continue
		}
		base[i] = mergeValue(base[i], withoutAlias(entry, field), "")
	}
	return base
}

// skyContainer is what SkyPilot calls the container that ours stands for.
const skyContainer = "ray-node"

// matching finds the entry of base that entry is merged into, or -1. A
// container without a name, or with SkyPilot's name, is the first one.
func matching(base []any, entry any, key, field string) int {
	over, ok := entry.(map[string]any)
	if !ok {
		return -1
	}
	id, named := over[key]
	if field == "containers" && (!named || id == skyContainer) && len(base) > 0 {
		return 0
	}
	return slices.IndexFunc(base, func(b any) bool {
		m, ok := b.(map[string]any)
		return ok && named && fmt.Sprint(m[key]) == fmt.Sprint(id)
	})
}

func withoutAlias(entry any, field string) any {
	if over, ok := entry.(map[string]any); ok && field == "containers" && over["name"] == skyContainer {
		delete(over, "name")
	}
	return entry
}
