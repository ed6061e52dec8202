package spec

import (
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// ParameterEnv is what the variables of parameters begin with.
const ParameterEnv = "PARAM_"

// ReservedRunEnv are the variables that every run gets from us, besides those
// of its parameters. A campaign cannot set them.
var ReservedRunEnv = []string{
	"AVAILABLE_CPUS", "AVAILABLE_MEM", "CAMPAIGN_ID", "CONFIG_NAME", "CONTAINER_NAME", "OUTPUT_DIR",
	"POST_COMMAND", "PRE_COMMAND", "ROS_LOG_DIR", "RUN_ID", "RUN_NUMBER",
	"SCENARIO_FILE", "SCENARIO_OUTPUT_DIR", "SCENARIO_PARAMETER_FILE",
}

// campaignEnv is a list of mappings of names to values, or one mapping.
type campaignEnv struct{ entries []envEntry }

func (campaignEnv) accepts(n *node) bool { return !n.isNull() }
func (campaignEnv) describe() string     { return `a list of "NAME: value"` }

func (e *campaignEnv) decode(r *reader, n *node, _ rules) {
	items := n.items
	switch n.kind {
	case yaml.MappingNode:
		items = []*node{n}
	case yaml.ScalarNode:
		r.fail(n, `must be a list of "NAME: value"`)
	}
	first := map[string]int{}
	for _, item := range items {
		if item.kind != yaml.MappingNode || len(item.fields) == 0 {
			r.fail(item, `must be a variable, "NAME: value"`)
		}
		for _, f := range item.fields {
			name := f.key.text
			line, twice := first[name]
			msg := checkEnvName(name)
			if msg == "" {
				msg = checkRunEnv(name)
			}
			switch {
			case msg != "":
				r.failKey(f, "%s", msg)
			case twice:
				r.failKey(f, "the variable stands on line %d already", line)
			case f.kind != yaml.ScalarNode:
				r.fail(f, "must be one value, not %s", f.kindName())
			default:
				e.entries = append(e.entries, envEntry{name: name, value: f.text, missing: f.isNull(), n: f})
			}
			first[name] = f.key.line
		}
	}
}

func (campaignEnv) JSONSchema() *jsonschema.Schema {
	one := envField{}.JSONSchema()
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "array", Items: one}, one}}
}

// campaignRes is the resources of a container.
type campaignRes struct {
	n *node
	v campaignResources
}

func (campaignRes) accepts(n *node) bool { return n.kind == yaml.MappingNode }
func (campaignRes) describe() string     { return "a mapping of cpu, memory and gpu" }
func (campaignRes) JSONSchemaAlias() any { return campaignResources{} }

func (c *campaignRes) decode(r *reader, n *node, _ rules) {
	c.n = n
	r.decode(n, &c.v)
}

// JSONSchemaExtend lets every field have a value per cluster.
func (campaignResources) JSONSchemaExtend(s *jsonschema.Schema) { candidateFile{}.JSONSchemaExtend(s) }

// kubeQuantity matches what Kubernetes takes, without the forms that nobody
// writes by hand (exponents, thousandths of bytes).
var kubeQuantity = regexp.MustCompile(`^([0-9]{1,15}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$`)

// readQuantity reads a positive quantity of Kubernetes's. units are those that
// make sense.
func readQuantity(r *reader, n *node, units []string, what, example string) string {
	text := n.number()
	m := kubeQuantity.FindStringSubmatch(text)
	if m == nil || !slices.Contains(units, m[2]) {
		hint := ""
		if strings.HasSuffix(text, "+") {
			hint = `; a run gets exactly what it asks for, so leave out the "+"`
		}
		r.fail(n, "%s is not %s; write %s%s", n.quote(), what, example, hint)
		return ""
	}
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() <= 0 {
		r.fail(n, "%s: must be above 0", n.quote())
		return ""
	}
	return q.String()
}

type campaignCPU struct {
	quantityNode
	v string
}

func (campaignCPU) describe() string { return "a number of CPUs" }

func (f *campaignCPU) decode(r *reader, n *node, _ rules) {
	f.n, f.v = n, readQuantity(r, n, []string{"", "m"}, "a number of CPUs", `4, 0.5 or "500m"`)
}

type campaignMemory struct {
	quantityNode
	v string
}

func (campaignMemory) describe() string { return "an amount of memory" }

// decode takes what Kubernetes does, and no other units than its own: "10GB"
// would be refused there, and a plain number would be in bytes.
func (f *campaignMemory) decode(r *reader, n *node, _ rules) {
	f.n, f.v = n, readQuantity(r, n, []string{"k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"},
		"an amount of memory with a unit of Kubernetes's", "4Gi or 512Mi")
}

// secondaries is the list of secondary containers. An entry is a name, or a
// name with resources in one of two spellings, of which RoboVAST's documents
// show the first and its files have the second:
//
//   - nav: {resources: {cpu: 2}}
//   - nav:
//     resources: {cpu: 2}
type secondaries struct{ v []Secondary }

func (secondaries) accepts(n *node) bool { return n.kind == yaml.SequenceNode }
func (secondaries) describe() string     { return "a list of containers" }

func (s *secondaries) decode(r *reader, n *node, _ rules) {
	first := map[string]int{}
	for _, item := range n.items {
		name, c, ok := readSecondary(r, item)
		if !ok {
			continue
		}
		line, twice := first[name.text]
		switch {
		case twice:
			r.fail(name, "%s is the name of the container on line %d already", name.quote(), line)
		case name.text == "task" || strings.HasPrefix(name.text, "vast-"):
			r.fail(name, "%s is the name of a container of kubectl vast's; use another one", name.quote())
		case len(validation.IsDNS1123Label(name.text)) > 0:
			r.fail(name, `%s is not the name of a container: at most 63 lower-case letters, digits and "-" between them`, name.quote())
		}
		first[name.text] = name.line
		s.v = append(s.v, Secondary{Name: name.text, Command: c.Command.v,
			CPU: c.Resources.v.CPU.v, Memory: c.Resources.v.Memory.v, GPU: c.Resources.v.GPU.v})
	}
}

// secondary reads one entry, in whichever spelling.
func readSecondary(r *reader, item *node) (name *node, c secondaryFile, ok bool) {
	if accepts(textType, item) {
		return item, c, true
	}
	if item.kind != yaml.MappingNode {
		r.fail(item, "must be a container's name, or the name with its resources, not %s", item.kindName())
		return nil, c, false
	}
	// What stands beside the name is read as if it were a mapping of its own.
	beside := *item
	beside.fields = nil
	var value *node
	for _, f := range item.fields {
		switch {
		case f.key.text == "resources" || f.key.text == "command":
			beside.fields = append(beside.fields, f)
		case value != nil:
			r.failKey(f, "stands beside the container %s; write each container as an item of its own", value.key.quote())
		case r.textKey(f):
			value = f
		}
	}
	if value == nil {
		r.fail(item, `names no container; write "- NAME:"`)
		return nil, c, false
	}
	r.decode(&beside, &c)
	if value.isNull() {
		return value.key, c, true
	}
	var below secondaryFile
	r.decode(value, &below)
	if below.Resources.n != nil && c.Resources.n != nil || below.Command.set() && c.Command.set() {
		r.fail(value, "has the same fields below its name and beside it; give them once")
	}
	if below.Resources.n != nil {
		c.Resources = below.Resources
	}
	if below.Command.set() {
		c.Command = below.Command
	}
	return value.key, c, true
}

func (secondaries) JSONSchema() *jsonschema.Schema {
	beside := jsonschema.NewProperties()
	for pair := schemaOf[secondaryFile]().Properties.Oldest(); pair != nil; pair = pair.Next() {
		beside.Set(pair.Key, pair.Value)
	}
	below := orNull(schemaOf[secondaryFile]())
	return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "object", Properties: beside, AdditionalProperties: below},
	}}}
}
