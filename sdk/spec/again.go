package spec

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// ParseImage checks a container image as everywhere in a file, and returns it
// without SkyPilot's prefix. The error says what is wrong with it.
func ParseImage(s string) (string, error) {
	image, msg := parseImage(s)
	if msg != "" {
		return "", fmt.Errorf("%q %s", yamlfile.Shorten(s), msg)
	}
	return image, nil
}

// CheckExecution checks an Execution that comes from elsewhere than a file, as
// the one that the store keeps of a campaign, as if it stood in one: by the same
// reader. Quantities are those of Kubernetes, which Amounts of the command line
// become. The error is an *api.InvalidSpecError with every problem and its path.
func CheckExecution(e *Execution) error {
	in := map[string]any{"image": e.Image, "runs": 1, "run_as_user": e.RunAsUser, "runs_per_job": e.RunsPerJob,
		"resources": map[string]any{"gpu": e.GPU}}
	for name, value := range map[string]string{"scenario_file": e.ScenarioFile, "command": e.Command,
		"pre_command": e.PreCommand, "post_command": e.PostCommand} {
		if value != "" {
			in[name] = value
		}
	}
	if e.TimeoutSeconds != 0 {
		in["timeout"] = e.TimeoutSeconds
	}
	if len(e.NodeLabels) > 0 {
		in["kubernetes"] = map[string]any{"jobs": map[string]any{"node_labels": e.NodeLabels}}
	}
	var env, secondary []any
	for _, v := range e.Envs {
		env = append(env, map[string]any{v.Name: v.Value})
	}
	for _, c := range e.Secondary {
		settings := map[string]any{"resources": map[string]any{"gpu": c.GPU}}
		if c.Command != "" {
			settings["command"] = c.Command
		}
		secondary = append(secondary, map[string]any{c.Name: settings})
	}
	for name, list := range map[string][]any{"env": env, "secondary_containers": secondary} {
		if len(list) > 0 {
			in[name] = list
		}
	}
	data, err := yaml.Marshal(map[string]any{"version": campaignVersion,
		"configuration": []any{map[string]any{"name": "a"}}, "execution": in})
	if err != nil {
		return api.Invalid("execution", "%v", err)
	}
	_, err = ParseCampaign("", data, Inputs{})
	invalid, ok := err.(*api.InvalidSpecError) //nolint:errorlint // ParseCampaign says so
	if !ok {
		return err
	}
	for i := range invalid.Problems { // where it stands in what was made here helps nobody
		p := &invalid.Problems[i]
		p.Line, p.Column = 0, 0
	}
	return invalid
}

// maxRunConfig is what a part of a key has room for: variations add numbers to
// the names of a file.
const maxRunConfig = 255

// IsRunConfig reports what the configuration of a run can be called: it is a part
// of keys in the store and of paths in the pod.
func IsRunConfig(name string) bool {
	return len(name) <= maxRunConfig && configName.MatchString(name)
}
