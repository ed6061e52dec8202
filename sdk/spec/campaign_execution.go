package spec

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/percontext"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// defaultRunUser is who runs are when the file does not say.
const defaultRunUser = 1000

// execution checks what holds between the fields of execution, and fills in
// defaults and what the command line gives.
func (r *parser) execution(n *yamlfile.Node, f executionFile, in Inputs, e *Execution) {
	if n == nil || n.Kind != yaml.MappingNode {
		return // reported
	}
	*e = Execution{
		Image: f.Image.v, Runs: f.Runs.Value, ScenarioFile: f.ScenarioFile.v, Command: f.Command.Value,
		RunAsUser: defaultRunUser, PreCommand: f.PreCommand.Value, PostCommand: f.PostCommand.Value,
		TimeoutSeconds: int64(f.Timeout.Value), RunsPerJob: 1, NodeLabels: f.Kubernetes.Jobs.NodeLabels.v,
		CPU: f.Resources.v.CPU.v, Memory: f.Resources.v.Memory.v, GPU: f.Resources.v.GPU.Value,
		Secondary: f.Secondary.v,
	}
	for _, glob := range f.RunFiles {
		if glob.v != "" && strings.HasSuffix(glob.n.Text, "/") {
			glob.v += "/" // all that is in the folder
		}
		e.RunFiles = append(e.RunFiles, glob.v)
	}
	if n := f.ScenarioFile.n; n != nil {
		e.ScenarioAt = Position{Line: n.Line, Column: n.Column}
	}
	if f.RunAsUser.IsSet() {
		e.RunAsUser = int64(f.RunAsUser.Value)
	}
	r.runsPerJob(f, e)
	if f.Command.IsSet() && strings.TrimSpace(f.Command.Value) == "" {
		r.Fail(f.Command.Node, "the script is empty; write what is to be run, or leave it out for scenario_execution")
	}
	if f.ScenarioFile.n == nil && !f.Command.IsSet() {
		r.Fail(n, `"scenario_file" is missing: name the scenario, or give a "command" that is run instead`)
	}
	if f.ScenarioFile.n != nil && strings.ContainsAny(f.ScenarioFile.v, "*?[") {
		r.Fail(f.ScenarioFile.n, "must be one file, not a pattern")
		e.ScenarioFile = ""
	}
	var env environment
	env.values, env.missing = map[string]string{}, map[string]bool{}
	entries := slices.DeleteFunc(f.Env.entries, func(e envEntry) bool {
		_, secret := in.Secrets[e.name]
		return secret || in.Look && e.missing
	})
	e.Envs = r.resolve(&env, entries, in.Envs, "Envs")
	r.overrideExecution(n, in, e)
}

func (r *parser) runsPerJob(f executionFile, e *Execution) {
	switch newer, older := f.RunsPerJob, f.ConfigsPer; {
	case newer.IsSet() && older.IsSet() && newer.Value != older.Value:
		r.FailKey(older.Node, "is the older name of runs_per_job, which has another value; give one of them")
	case newer.IsSet():
		e.RunsPerJob = max(newer.Value, 1)
	case older.IsSet():
		e.RunsPerJob = max(older.Value, 1)
	}
}

// overrideExecution puts what the command line gives over the file's values.
func (r *parser) overrideExecution(n *yamlfile.Node, in Inputs, e *Execution) {
	if in.Image != "" {
		image, msg := rules.Image(in.Image)
		if msg != "" {
			r.FailOption("Image", "%q %s", yamlfile.Shorten(in.Image), msg)
		}
		e.Image = image
	}
	if image := n.Get("image"); in.Image == "" && !in.Look && (image == nil || image.IsNull()) {
		r.FailWith(api.Remedy{Options: []string{"Image=..."}, Purpose: "give one"}, n, `"image" is missing: name a container image`)
	}
	amount := func(option, given string, parse func(string) (Amount, error), out *string) {
		if given == "" {
			return
		}
		switch a, err := parse(given); {
		case err != nil:
			r.FailOption(option, "%v", err)
		case a.AtLeast:
			r.FailOption(option, "%q: a run gets exactly what it requests; omit the \"+\"", yamlfile.Shorten(given))
		default:
			*out = a.Quantity.String()
		}
	}
	amount("CPUs", in.CPUs, parseCPUs, &e.CPU)
	amount("Memory", in.Memory, parseMemory, &e.Memory)
	if in.GPUs != "" {
		switch a, err := parseAccelerator(in.GPUs); {
		case err != nil:
			r.FailOption("GPUs", "%v", err)
		case a.Name != "" || a.MinMemory != 0 || a.Count != float64(int(a.Count)):
			r.FailOption("GPUs", "%q: a campaign takes a whole number of devices; choose their model by kubernetes.jobs.node_labels", yamlfile.Shorten(in.GPUs))
		default:
			e.GPU = int(a.Count)
		}
	}
}

// campaignPerContext puts the value of the context in the place of every list
// of values per cluster, in all resources of a campaign.
func (r *parser) campaignPerContext(execution *yamlfile.Node, context string) {
	if execution == nil {
		return
	}
	c := chooser{r: r.Reader}
	all := func(string) bool { return true }
	choose := func(resources *yamlfile.Node) {
		if resources != nil && resources.Kind == yaml.MappingNode {
			c.fields(resources, context, all)
		}
	}
	choose(execution.Get("resources"))
	if secondary := execution.Get("secondary_containers"); secondary != nil {
		for _, item := range secondary.Items {
			choose(item.Get("resources")) // the sibling spelling
			for _, f := range item.Fields {
				if f.Key.Text != "resources" {
					choose(f.Get("resources")) // the nested one
				}
			}
		}
	}
	if c.ask != nil {
		r.FailWith(percontext.ChooseContext(), c.ask, "%s", percontext.AskFor(c.names))
	}
}

// imageText is a container image.
type imageText struct {
	n *yamlfile.Node
	v string
}

func (imageText) Accepts(n *yamlfile.Node) bool { return yamlfile.Accepts(textType, n) }
func (imageText) Describe() string              { return "a container image" }

func (imageText) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

func (f *imageText) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	image, msg := rules.Image(n.Text)
	if msg != "" {
		r.Fail(n, "%s %s", n.Quote(), msg)
	}
	f.n, f.v = n, image
}

// pathField is a path or a glob beside the file: relative, with slashes, and
// never leading out of the file's folder. v is empty for any other.
type pathField struct {
	n *yamlfile.Node
	v string
}

func (pathField) Accepts(n *yamlfile.Node) bool { return yamlfile.Accepts(textType, n) }
func (pathField) Describe() string              { return "a path" }

func (pathField) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

var windowsDrive = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

func (f *pathField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n = n
	switch clean := path.Clean(n.Text); {
	case n.Text == "":
		r.Fail(n, "is empty; write a path beside this file")
	case strings.HasPrefix(n.Text, "/") || windowsDrive.MatchString(n.Text):
		r.Fail(n, "%s must be relative: files lie in the folder of this file, or below it", n.Quote())
	case slices.Contains(strings.FieldsFunc(n.Text, func(c rune) bool { return c == '/' || c == '\\' }), ".."):
		r.Fail(n, "%s leads out of the folder of this file, by \"..\"", n.Quote())
	case clean == ".":
		r.Fail(n, "%s is the folder of this file itself; write **/* for all that is in it", n.Quote())
	default:
		if _, err := path.Match(n.Text, ""); err != nil {
			r.Fail(n, "%s is not a pattern: %v", n.Quote(), err)
			return
		}
		f.v = clean
	}
}

// nodeLabels are labels of nodes, which Kubernetes and clouds set.
type nodeLabels struct{ v map[string]string }

func (nodeLabels) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }
func (nodeLabels) Describe() string              { return "a mapping of labels to values" }
func (nodeLabels) JSONSchemaAlias() any          { return map[string]string{} }

func (f *nodeLabels) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.v = make(map[string]string, len(n.Fields))
	for _, l := range n.Fields {
		switch {
		case !r.TextKey(l):
		case !yamlfile.Accepts(textType, l):
			r.Mismatch(l, textType)
		case len(validation.IsQualifiedName(l.Key.Text)) > 0:
			r.FailKey(l, "is not the name of a label")
		case len(validation.IsValidLabelValue(l.Text)) > 0:
			r.Fail(l, "%s is not the value of a label", l.Quote())
		default:
			f.v[l.Key.Text] = l.Text
		}
	}
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
	invalid, ok := err.(*api.InvalidSpecError) //nolint:errorlint // ParseCampaign returns this type
	if !ok {
		return err
	}
	for i := range invalid.Problems { // a position in the generated text has no meaning to the caller
		p := &invalid.Problems[i]
		p.Line, p.Column = 0, 0
	}
	return invalid
}
