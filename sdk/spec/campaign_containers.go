package spec

import (
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// campaignEnv is a list of mappings of names to values, or one mapping.
type campaignEnv struct{ entries []envEntry }

func (campaignEnv) Accepts(n *yamlfile.Node) bool { return !n.IsNull() }
func (campaignEnv) Describe() string              { return `a list of "NAME: value"` }

func (e *campaignEnv) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	items := n.Items
	switch n.Kind {
	case yaml.MappingNode:
		items = []*yamlfile.Node{n}
	case yaml.ScalarNode:
		r.Fail(n, `must be a list of "NAME: value"`)
	}
	first := map[string]int{}
	for _, item := range items {
		if item.Kind != yaml.MappingNode || len(item.Fields) == 0 {
			r.Fail(item, `must be a variable, "NAME: value"`)
		}
		for _, f := range item.Fields {
			name := f.Key.Text
			line, twice := first[name]
			msg := rules.Variable(name)
			if msg == "" {
				msg = rules.RunVariable(name)
			}
			switch {
			case msg != "":
				r.FailKey(f, "%s", msg)
			case twice:
				r.FailKey(f, "duplicate variable: already set on line %d", line)
			case f.Kind != yaml.ScalarNode:
				r.Fail(f, "must be one value, not %s", f.KindName())
			default:
				e.entries = append(e.entries, envEntry{name: name, value: f.Text, missing: f.IsNull(), n: f})
			}
			first[name] = f.Key.Line
		}
	}
}

func (campaignEnv) JSONSchema() *jsonschema.Schema {
	one := envField{}.JSONSchema()
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "array", Items: one}, one}}
}

// campaignRes is the resources of a container.
type campaignRes struct {
	n *yamlfile.Node
	v campaignResources
}

func (campaignRes) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }
func (campaignRes) Describe() string              { return "a mapping of cpu, memory and gpu" }
func (campaignRes) JSONSchemaAlias() any          { return campaignResources{} }

func (c *campaignRes) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	c.n = n
	r.Decode(n, &c.v)
}

// JSONSchemaExtend lets every field have a value per cluster.
func (campaignResources) JSONSchemaExtend(s *jsonschema.Schema) { candidateFile{}.JSONSchemaExtend(s) }

// kubeQuantity matches the quantities of Kubernetes, without the forms that are
// rare in files (exponents, thousandths of bytes).
var kubeQuantity = regexp.MustCompile(`^([0-9]{1,15}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$`)

// readQuantity reads a positive quantity of Kubernetes's. units are those that
// make sense.
func readQuantity(r *yamlfile.Reader, n *yamlfile.Node, units []string, what, example string) string {
	text := n.Number()
	m := kubeQuantity.FindStringSubmatch(text)
	if m == nil || !slices.Contains(units, m[2]) {
		hint := ""
		if strings.HasSuffix(text, "+") {
			hint = `; a run gets exactly what it requests; omit the "+"`
		}
		r.Fail(n, "%s is not %s; write %s%s", n.Quote(), what, example, hint)
		return ""
	}
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() <= 0 {
		r.Fail(n, "%s: must be above 0", n.Quote())
		return ""
	}
	return q.String()
}

type campaignCPU struct {
	quantityNode
	v string
}

func (campaignCPU) Describe() string { return "a number of CPUs" }

func (f *campaignCPU) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n, f.v = n, readQuantity(r, n, []string{"", "m"}, "a number of CPUs", `4, 0.5 or "500m"`)
}

type campaignMemory struct {
	quantityNode
	v string
}

func (campaignMemory) Describe() string { return "an amount of memory" }

// Decode takes what Kubernetes does, and no other units than its own: "10GB"
// would be refused there, and a plain number would be in bytes.
func (f *campaignMemory) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
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

func (secondaries) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.SequenceNode }
func (secondaries) Describe() string              { return "a list of containers" }

func (s *secondaries) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	first := map[string]int{}
	for _, item := range n.Items {
		name, c, ok := readSecondary(r, item)
		if !ok {
			continue
		}
		line, twice := first[name.Text]
		switch {
		case twice:
			r.Fail(name, "%s is the name of the container on line %d already", name.Quote(), line)
		case name.Text == "task" || strings.HasPrefix(name.Text, "vast-"):
			r.Fail(name, "%s is reserved for our own containers; use another name", name.Quote())
		case len(validation.IsDNS1123Label(name.Text)) > 0:
			r.Fail(name, `%s is not the name of a container: at most 63 lower-case letters, digits and "-" between them`, name.Quote())
		}
		first[name.Text] = name.Line
		s.v = append(s.v, Secondary{Name: name.Text, Command: c.Command.Value,
			CPU: c.Resources.v.CPU.v, Memory: c.Resources.v.Memory.v, GPU: c.Resources.v.GPU.Value})
	}
}

// secondary reads one entry, in whichever spelling.
func readSecondary(r *yamlfile.Reader, item *yamlfile.Node) (name *yamlfile.Node, c secondaryFile, ok bool) {
	if yamlfile.Accepts(textType, item) {
		return item, c, true
	}
	if item.Kind != yaml.MappingNode {
		r.Fail(item, "must be a container's name, or the name with its resources, not %s", item.KindName())
		return nil, c, false
	}
	// The keys beside the name are read like a mapping below it.
	beside := *item
	beside.Fields = nil
	var value *yamlfile.Node
	for _, f := range item.Fields {
		switch {
		case f.Key.Text == "resources" || f.Key.Text == "command":
			beside.Fields = append(beside.Fields, f)
		case value != nil:
			r.FailKey(f, "is in the same item as the container %s; write each container as an item of its own", value.Key.Quote())
		case r.TextKey(f):
			value = f
		}
	}
	if value == nil {
		r.Fail(item, `names no container; write "- NAME:"`)
		return nil, c, false
	}
	r.Decode(&beside, &c)
	if value.IsNull() {
		return value.Key, c, true
	}
	var below secondaryFile
	r.Decode(value, &below)
	if below.Resources.n != nil && c.Resources.n != nil || below.Command.IsSet() && c.Command.IsSet() {
		r.Fail(value, "has the same fields below its name and beside it; give them once")
	}
	if below.Resources.n != nil {
		c.Resources = below.Resources
	}
	if below.Command.IsSet() {
		c.Command = below.Command
	}
	return value.Key, c, true
}

func (secondaries) JSONSchema() *jsonschema.Schema {
	beside := jsonschema.NewProperties()
	for pair := yamlfile.SchemaOf[secondaryFile]().Properties.Oldest(); pair != nil; pair = pair.Next() {
		beside.Set(pair.Key, pair.Value)
	}
	below := yamlfile.OrNull(yamlfile.SchemaOf[secondaryFile]())
	return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "object", Properties: beside, AdditionalProperties: below},
	}}}
}
