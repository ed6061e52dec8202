package spec

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/sdk/contexts"
)

// defaultRunUser is who runs are when the file does not say.
const defaultRunUser = 1000

// execution checks what holds between the fields of execution, and fills in
// defaults and what the command line gives.
func (r *parser) execution(n *node, f executionFile, in Inputs, e *Execution) {
	if n == nil || n.kind != yaml.MappingNode {
		return // reported
	}
	*e = Execution{
		Image: f.Image.v, Runs: f.Runs.v, ScenarioFile: f.ScenarioFile.v, Command: f.Command.v,
		RunAsUser: defaultRunUser, PreCommand: f.PreCommand.v, PostCommand: f.PostCommand.v,
		TimeoutSeconds: int64(f.Timeout.v), RunsPerJob: 1, NodeLabels: f.Kubernetes.Jobs.NodeLabels.v,
		CPU: f.Resources.v.CPU.v, Memory: f.Resources.v.Memory.v, GPU: f.Resources.v.GPU.v,
		Secondary: f.Secondary.v,
	}
	for _, glob := range f.RunFiles {
		if glob.v != "" && strings.HasSuffix(glob.n.text, "/") {
			glob.v += "/" // all that is in the folder
		}
		e.RunFiles = append(e.RunFiles, glob.v)
	}
	if n := f.ScenarioFile.n; n != nil {
		e.ScenarioAt = Position{Line: n.line, Column: n.col}
	}
	if f.RunAsUser.set() {
		e.RunAsUser = int64(f.RunAsUser.v)
	}
	r.runsPerJob(f, e)
	if f.Command.set() && strings.TrimSpace(f.Command.v) == "" {
		r.fail(f.Command.n, "the script is empty; write what is to be run, or leave it out for scenario_execution")
	}
	if f.ScenarioFile.n == nil && !f.Command.set() {
		r.fail(n, `"scenario_file" is missing: name the scenario, or give a "command" that is run instead`)
	}
	if f.ScenarioFile.n != nil && strings.ContainsAny(f.ScenarioFile.v, "*?[") {
		r.fail(f.ScenarioFile.n, "must be one file, not a pattern")
		e.ScenarioFile = ""
	}
	var env environment
	env.values, env.missing = map[string]string{}, map[string]bool{}
	entries := slices.DeleteFunc(f.Env.entries, func(e envEntry) bool {
		_, secret := in.Secrets[e.name]
		return secret || in.Look && e.missing
	})
	e.Envs = r.resolve(&env, entries, in.Envs, "--env")
	r.overrideExecution(n, in, e)
}

func (r *parser) runsPerJob(f executionFile, e *Execution) {
	switch newer, older := f.RunsPerJob, f.ConfigsPer; {
	case newer.set() && older.set() && newer.v != older.v:
		r.failKey(older.n, "is the older name of runs_per_job, which has another value; give one of them")
	case newer.set():
		e.RunsPerJob = max(newer.v, 1)
	case older.set():
		e.RunsPerJob = max(older.v, 1)
	}
}

// overrideExecution puts what the command line gives over the file's values.
func (r *parser) overrideExecution(n *node, in Inputs, e *Execution) {
	if in.Image != "" {
		image, msg := parseImage(in.Image)
		if msg != "" {
			r.flag("--image", "%q %s", shorten(in.Image), msg)
		}
		e.Image = image
	}
	if image := n.get("image"); in.Image == "" && !in.Look && (image == nil || image.isNull()) {
		r.fail(n, `"image" is missing; name a container image, or give one with --image`)
	}
	amount := func(flag, given string, parse func(string) (Amount, error), out *string) {
		if given == "" {
			return
		}
		switch a, err := parse(given); {
		case err != nil:
			r.flag(flag, "%v", err)
		case a.AtLeast:
			r.flag(flag, "%q: a run gets exactly what it asks for; leave out the \"+\"", shorten(given))
		default:
			*out = a.Quantity.String()
		}
	}
	amount("--cpus", in.CPUs, ParseCPUs, &e.CPU)
	amount("--memory", in.Memory, ParseMemory, &e.Memory)
	if in.GPUs != "" {
		switch a, err := ParseAccelerator(in.GPUs); {
		case err != nil:
			r.flag("--gpus", "%v", err)
		case a.Name != "" || a.MinMemory != 0 || a.Count != float64(int(a.Count)):
			r.flag("--gpus", "%q: a campaign takes a whole number of devices; choose their model by kubernetes.jobs.node_labels", shorten(in.GPUs))
		default:
			e.GPU = int(a.Count)
		}
	}
}

// campaignPerContext puts the value of the context in the place of every list
// of values per cluster, in all resources of a campaign.
func (r *parser) campaignPerContext(execution *node, context string) {
	if execution == nil {
		return
	}
	c := chooser{r: r.reader}
	all := func(string) bool { return true }
	choose := func(resources *node) {
		if resources != nil && resources.kind == yaml.MappingNode {
			c.fields(resources, context, all)
		}
	}
	choose(execution.get("resources"))
	if secondary := execution.get("secondary_containers"); secondary != nil {
		for _, item := range secondary.items {
			choose(item.get("resources")) // the sibling spelling
			for _, f := range item.fields {
				if f.key.text != "resources" {
					choose(f.get("resources")) // the nested one
				}
			}
		}
	}
	if c.ask != nil {
		r.fail(c.ask, "%s", contexts.AskFor(c.names))
	}
}

// imageText is a container image.
type imageText struct {
	n *node
	v string
}

func (imageText) accepts(n *node) bool { return accepts(textType, n) }
func (imageText) describe() string     { return "a container image" }

func (imageText) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

func (f *imageText) decode(r *reader, n *node, _ rules) {
	image, msg := parseImage(n.text)
	if msg != "" {
		r.fail(n, "%s %s", n.quote(), msg)
	}
	f.n, f.v = n, image
}

// pathField is a path or a glob beside the file: relative, with slashes, and
// never leading out of the file's folder. v is empty for any other.
type pathField struct {
	n *node
	v string
}

func (pathField) accepts(n *node) bool { return accepts(textType, n) }
func (pathField) describe() string     { return "a path" }

func (pathField) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

var windowsDrive = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

func (f *pathField) decode(r *reader, n *node, _ rules) {
	f.n = n
	switch clean := path.Clean(n.text); {
	case n.text == "":
		r.fail(n, "is empty; write a path beside this file")
	case strings.HasPrefix(n.text, "/") || windowsDrive.MatchString(n.text):
		r.fail(n, "%s must be relative: files lie in the folder of this file, or below it", n.quote())
	case slices.Contains(strings.FieldsFunc(n.text, func(c rune) bool { return c == '/' || c == '\\' }), ".."):
		r.fail(n, "%s leads out of the folder of this file, by \"..\"", n.quote())
	case clean == ".":
		r.fail(n, "%s is the folder of this file itself; write **/* for all that is in it", n.quote())
	default:
		if _, err := path.Match(n.text, ""); err != nil {
			r.fail(n, "%s is not a pattern: %v", n.quote(), err)
			return
		}
		f.v = clean
	}
}

// nodeLabels are labels of nodes, which Kubernetes and clouds set.
type nodeLabels struct{ v map[string]string }

func (nodeLabels) accepts(n *node) bool { return n.kind == yaml.MappingNode }
func (nodeLabels) describe() string     { return "a mapping of labels to values" }
func (nodeLabels) JSONSchemaAlias() any { return map[string]string{} }

func (f *nodeLabels) decode(r *reader, n *node, _ rules) {
	f.v = make(map[string]string, len(n.fields))
	for _, l := range n.fields {
		switch {
		case !r.textKey(l):
		case !accepts(textType, l):
			r.mismatch(l, textType)
		case len(validation.IsQualifiedName(l.key.text)) > 0:
			r.failKey(l, "is not the name of a label")
		case len(validation.IsValidLabelValue(l.text)) > 0:
			r.fail(l, "%s is not the value of a label", l.quote())
		default:
			f.v[l.key.text] = l.text
		}
	}
}

// checkRunEnv says why a variable cannot be given to runs, or "".
func checkRunEnv(name string) string {
	if slices.Contains(ReservedRunEnv, name) || strings.HasPrefix(name, ParameterEnv) {
		return fmt.Sprintf("is set for each run and cannot be given; use another name than %s", name)
	}
	return ""
}
