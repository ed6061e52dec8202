package spec

import (
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// quantityNode accepts what a quantity can be written as.
type quantityNode struct{ n *yamlfile.Node }

func (quantityNode) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Is("!!str", "!!int", "!!float")
}

func (quantityNode) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}}}
}

// quantity parses a node's text; its errors quote the text, so what was
// substituted is left out of them.
func quantity[T any](r *yamlfile.Reader, n *yamlfile.Node, parse func(string) (T, error)) T {
	v, err := parse(n.Number())
	switch {
	case err == nil:
	case n.Text != n.Written:
		r.Fail(n, "%s is not an amount once the variables are filled in", n.Quote())
	default:
		r.Fail(n, "%s", err)
	}
	return v
}

type cpuField struct {
	quantityNode
	v Amount
}

func (cpuField) Describe() string { return "a number of CPUs" }

func (f *cpuField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n, f.v = n, quantity(r, n, parseCPUs)
}

// memoryField is an amount of memory. SkyPilot's "4x" (as many GB per CPU)
// waits in perCPU until the CPUs are known.
type memoryField struct {
	quantityNode
	v      Amount
	perCPU string
}

func (memoryField) Describe() string { return "an amount of memory" }

var memoryPerCPU = regexp.MustCompile(`^([0-9]{1,9}(?:\.[0-9]{1,9})?)x(\+?)$`)

func (f *memoryField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n = n
	if m := memoryPerCPU.FindStringSubmatch(n.Text); m != nil {
		f.perCPU, f.v.AtLeast = m[1], m[2] != ""
		return
	}
	f.v = quantity(r, n, parseMemory)
}

type sizeField struct {
	quantityNode
	v resource.Quantity
}

func (sizeField) Describe() string { return "a size" }

func (f *sizeField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n, f.v = n, quantity(r, n, ParseSize)
}

// portsField is a port, a range of ports, or a list of both.
type portsField struct {
	n *yamlfile.Node
	v []Port
}

func (portsField) Describe() string { return `a port, a range ("8000-8010") or a list of them` }

func (portsField) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.SequenceNode || n.Kind == yaml.ScalarNode && n.Is("!!int", "!!str")
}

var portForm = regexp.MustCompile(`^([0-9]{1,5})(?:-([0-9]{1,5}))?$`)

func (f *portsField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n = n
	entries := n.Items
	if n.Kind == yaml.ScalarNode {
		entries = []*yamlfile.Node{n}
	}
	for _, e := range entries {
		if e.Kind != yaml.ScalarNode || !f.Accepts(e) {
			r.Mismatch(e, reflect.TypeFor[portsField]())
			continue
		}
		text := e.Number()
		if strings.Contains(e.Text, ":") { // a port, and another one, are no number of base 60
			text = e.Text
		}
		m := portForm.FindStringSubmatch(text)
		if m == nil {
			r.Fail(e, `%s is not a port; write 8080 or a range, "8000-8010"`, e.Quote())
			continue
		}
		first, _ := strconv.Atoi(m[1])
		last := first
		if m[2] != "" {
			last, _ = strconv.Atoi(m[2])
		}
		switch {
		case first < 1 || first > 65535 || last > 65535:
			r.Fail(e, "a port is a number from 1 to 65535, not %s", e.Written)
		case last < first:
			r.Fail(e, "the range %s ends before it begins", e.Written)
		default:
			f.v = append(f.v, Port{First: int32(first), Last: int32(last)})
		}
	}
}

func (portsField) JSONSchema() *jsonschema.Schema {
	one := []*jsonschema.Schema{{Type: "integer", Minimum: "1", Maximum: "65535"}, {Type: "string", Pattern: `^[0-9]+(-[0-9]+)?$`}}
	list := &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: one}}
	return &jsonschema.Schema{AnyOf: append(one[:2:2], list, &jsonschema.Schema{Type: "null"})}
}

// labelsField is a mapping of Kubernetes labels.
type labelsField struct {
	n *yamlfile.Node
	v map[string]string
}

// ownLabels is the prefix of the labels that we find our objects by.
const ownLabels = "kubevast.io/"

func (labelsField) Describe() string              { return "a mapping of labels to values" }
func (labelsField) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }
func (labelsField) JSONSchemaAlias() any          { return map[string]string{} }

func (f *labelsField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n, f.v = n, make(map[string]string, len(n.Fields))
	for _, l := range n.Fields {
		if !r.TextKey(l) {
			continue
		}
		if !yamlfile.Accepts(textType, l) {
			r.Mismatch(l, textType)
			continue
		}
		if strings.HasPrefix(l.Key.Text, ownLabels) && !l.Key.Pending {
			r.FailKey(l, "labels of %s are set by kubevast and cannot be given", ownLabels)
		} else if errs := validation.IsQualifiedName(l.Key.Text); len(errs) > 0 && !l.Key.Pending {
			r.FailKey(l, "not the name of a label: at most 63 letters, digits, \"-\", \"_\" and \".\", which begin and end with a letter or digit, behind an optional \"domain/\"")
		} else if errs := validation.IsValidLabelValue(l.Text); len(errs) > 0 {
			r.Fail(l, "%s is not the value of a label: at most 63 letters, digits, \"-\", \"_\" and \".\", which begin and end with a letter or digit", l.Quote())
		} else {
			f.v[l.Key.Text] = l.Text
		}
	}
}

// durationField is minutes, or a number with a unit. Most fields of this type have
// no meaning here, so only the text is kept.
type durationField struct{ text string }

const durationPattern = `^[0-9]+[smhdwSMHDW]?$`

var durationForm = regexp.MustCompile(durationPattern)

func (durationField) Describe() string { return `a duration ("30m", "2h", or minutes)` }

func (durationField) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Is("!!int", "!!str")
}

func (f *durationField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.text = n.Text
	if !durationForm.MatchString(n.Text) {
		r.Fail(n, `%s is not a duration; write minutes (30) or "30m", "2h", "1d"`, n.Quote())
	}
}

func (durationField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Pattern: durationPattern}, {Type: "integer", Minimum: "0"}}}
}

type exitCode int

func (e *exitCode) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	var i int
	low, high := 0.0, 255.0
	r.Into(n, reflect.ValueOf(&i).Elem(), yamlfile.Rules{Min: &low, Max: &high})
	*e = exitCode(i)
}

func (exitCode) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Minimum: "0", Maximum: "255"}
}

// metadataField is what SkyPilot puts on all its Kubernetes objects.
type metadataField struct{}

func (metadataField) Describe() string              { return "a mapping" }
func (metadataField) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }
func (metadataField) JSONSchemaAlias() any          { return map[string]any{} }

func (metadataField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	r.TextKeys(n)
	for _, key := range []string{"name", "namespace"} {
		if f := n.Get(key); f != nil {
			r.FailKey(f, "cannot be set for all objects at once")
		}
	}
}

type dockerMode string

func (dockerMode) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"ALL", "BUILD"}}
}

func (m *dockerMode) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	*m = dockerMode(n.Text)
	yamlfile.Rules{Enum: []string{"ALL", "BUILD"}}.CheckText(r, n)
}

var (
	// Digits are bounded so that no short text can stand for a number that
	// takes long to handle.
	cpuForm    = regexp.MustCompile(`^([0-9]{1,18}(?:\.[0-9]{1,18})?|\.[0-9]{1,18})(m?)(\+?)$`)
	memoryForm = regexp.MustCompile(`^([0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18}) ?([A-Za-z]{0,3})(\+?)$`)
)

const (
	maxCPUs = 1_000_000
	// A number without a unit is in GB. More than this many was meant to be
	// in bytes, or in MB.
	maxPlainGB = 1 << 20
)

// units of memory and storage. All of them count in 1024s, as SkyPilot and
// Docker do it: "16", "16GB", "16g" and "16Gi" are the same amount. Where
// Kubernetes means 1000s ("16G") this gives a little more, never less.
var units = map[string]uint{
	"b": 0,
	"k": 10, "kb": 10, "ki": 10, "kib": 10,
	"m": 20, "mb": 20, "mi": 20, "mib": 20,
	"": 30, "g": 30, "gb": 30, "gi": 30, "gib": 30,
	"t": 40, "tb": 40, "ti": 40, "tib": 40,
	"p": 50, "pb": 50, "pi": 50, "pib": 50,
}

// parseCPUs reads a number of CPUs: "4", "0.5", "500m", and with a "+" behind
// it ("4+") for at least as many. Parts of a thousandth are rounded up. The
// error is an *api.InvalidSpecError.
func parseCPUs(s string) (Amount, error) {
	m := cpuForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Amount{}, api.Invalid("", `%s is not a number of CPUs; write 4, 0.5, "500m", or "4+" for at least 4`, strconv.Quote(yamlfile.Shorten(s)))
	}
	milli, _ := new(big.Rat).SetString(m[1])
	if m[2] == "" {
		milli.Mul(milli, big.NewRat(1000, 1))
	}
	n, ok := roundUp(milli)
	switch {
	case !ok || n > maxCPUs*1000:
		return Amount{}, api.Invalid("", "%s is more CPUs than any node has", strconv.Quote(yamlfile.Shorten(s)))
	case n == 0:
		return Amount{}, api.Invalid("", "%s: the number of CPUs must be above 0", strconv.Quote(yamlfile.Shorten(s)))
	}
	return Amount{Quantity: *resource.NewMilliQuantity(n, resource.DecimalSI), AtLeast: m[3] != ""}, nil
}

// parseMemory reads an amount of memory: a number of GB ("16", "0.5") or a
// number with a unit in any case ("16GB", "512Mi", "512m", "2g"), and with a
// "+" behind it ("16+", "64GB+") for at least as much. Units count in 1024s;
// parts of a byte are rounded up. The error is an *api.InvalidSpecError.
func parseMemory(s string) (Amount, error) {
	return parseBytes(s, "an amount of memory", `write 16 (GB), "512Mi", "2g", or "16+" for at least 16 GB`)
}

// ParseSize reads the size of a disk or a volume, in the forms of
// parseMemory, but without the "+".
func ParseSize(s string) (resource.Quantity, error) {
	a, err := parseBytes(s, "a size", `write 100 (GB), "500Mi" or "1Ti"`)
	if err == nil && a.AtLeast {
		err = api.Invalid("", "%s: a size cannot have a \"+\"", strconv.Quote(yamlfile.Shorten(s)))
	}
	return a.Quantity, err
}

func parseBytes(s, what, allowed string) (Amount, error) {
	quoted := strconv.Quote(yamlfile.Shorten(s))
	m := memoryForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Amount{}, api.Invalid("", "%s is not %s; %s", quoted, what, allowed)
	}
	shift, known := units[strings.ToLower(m[2])]
	if !known {
		return Amount{}, api.Invalid("", "%s has the unknown unit %q; %s", quoted, m[2], allowed)
	}
	number, _ := new(big.Rat).SetString(strings.TrimSuffix(m[1], "."))
	if m[2] == "" && number.Cmp(big.NewRat(maxPlainGB, 1)) > 0 {
		return Amount{}, api.Invalid("", "%s without a unit is in GB, and that is more than any node has; %s", quoted, allowed)
	}
	factor := new(big.Int).Lsh(big.NewInt(1), shift)
	n, ok := roundUp(number.Mul(number, new(big.Rat).SetInt(factor)))
	switch {
	case !ok:
		return Amount{}, api.Invalid("", "%s is more than any node has; %s", quoted, allowed)
	case n == 0:
		return Amount{}, api.Invalid("", "%s: must be above 0", quoted)
	}
	return Amount{Quantity: *resource.NewQuantity(n, resource.BinarySI), AtLeast: m[3] != ""}, nil
}

// roundUp returns the smallest integer that is not below x, and whether it
// fits.
func roundUp(x *big.Rat) (int64, bool) {
	n := new(big.Int).Add(x.Num(), new(big.Int).Sub(x.Denom(), big.NewInt(1)))
	n.Quo(n, x.Denom())
	return n.Int64(), n.IsInt64()
}
