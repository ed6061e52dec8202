package spec

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// maxAccelerators is more than any node has, and keeps counts away from
// numbers that a float64 cannot hold.
const maxAccelerators = 1024

var (
	accCount  = regexp.MustCompile(`^[0-9]{1,9}(?:\.[0-9]{1,9})?$`)
	accMemory = regexp.MustCompile(`(?i)^(?:([a-z]+):)?([0-9]{1,9}(?:\.[0-9]{1,9})?)(MB|GB|TB)(\+?)(?::([^:]*))?$`)
	accNamed  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9 ._-]{0,62})(?::([^:]*))?$`)
)

const accAllowed = `write H100, "H100:8", "T4:0.5", "80GB+:2" for any model with at least that memory, or "1" for one of any model`

// parseAccelerator reads one kind of accelerator and its number per node, as
// SkyPilot writes it ("H100", "H100:8", "80GB+:2", "NVIDIA:40GB+") or as
// k8s-cli does ("1": one of any model). The error is an *api.InvalidSpecError.
func parseAccelerator(s string) (Accelerator, error) {
	s = strings.TrimSpace(s)
	if accCount.MatchString(s) {
		n, err := accelerators(s)
		return Accelerator{Count: n}, err
	}
	if m := accMemory.FindStringSubmatch(s); m != nil {
		// Vendors state device memory in 1000s, and a "80GB" device reports
		// more than that but less than 80 GiB.
		size, _ := strconv.ParseFloat(m[2], 64)
		size *= map[string]float64{"MB": 1e6, "GB": 1e9, "TB": 1e12}[strings.ToUpper(m[3])]
		if size < 1 || size > 1e15 {
			return Accelerator{}, api.Invalid("", "%s: no accelerator has that much memory; %s", strconv.Quote(s), accAllowed)
		}
		n, err := accelerators(m[5])
		return Accelerator{
			Count: n, MinMemory: int64(math.Ceil(size)), ExactMemory: m[4] == "", Vendor: m[1],
		}, err
	}
	if m := accNamed.FindStringSubmatch(s); m != nil {
		if m[2] == "" && strings.HasSuffix(s, ":") {
			return Accelerator{}, api.Invalid("", "%s has no number behind the colon; %s", strconv.Quote(s), accAllowed)
		}
		n, err := accelerators(m[2])
		return Accelerator{Name: strings.TrimSpace(m[1]), Count: n}, err
	}
	return Accelerator{}, api.Invalid("", "%s names no accelerator; %s", strconv.Quote(yamlfile.Shorten(s)), accAllowed)
}

// accelerators reads a number of devices; none is 1.
func accelerators(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 1, nil
	}
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || !accCount.MatchString(s):
		return 0, api.Invalid("", "%s is not a number of accelerators; %s", strconv.Quote(yamlfile.Shorten(s)), accAllowed)
	case n <= 0:
		return 0, api.Invalid("", "the number of accelerators must be above 0, not %s", s)
	case n > maxAccelerators:
		return 0, api.Invalid("", "%s accelerators are more than any node has", s)
	}
	return n, nil
}

// acceleratorField is resources.accelerators in any of its forms.
type acceleratorField struct {
	n    *yamlfile.Node
	all  []Accelerator
	list bool // written as a list, that is in the order of preference
}

func (*acceleratorField) Describe() string {
	return `an accelerator ("H100:8"), a mapping ({H100: 8}) or a list of accelerators`
}

func (*acceleratorField) Accepts(n *yamlfile.Node) bool {
	return n.Kind != yaml.ScalarNode || n.Is("!!str", "!!int")
}

func (a *acceleratorField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	a.n = n
	one := func(n *yamlfile.Node, text string) {
		acc, err := parseAccelerator(text)
		if err != nil {
			r.Fail(n, "%s", err)
			return
		}
		a.all = append(a.all, acc)
	}
	switch n.Kind {
	case yaml.SequenceNode:
		a.list = true
		for _, item := range n.Items {
			if !yamlfile.Accepts(textType, item) {
				r.Mismatch(item, textType)
				continue
			}
			one(item, item.Text)
		}
	case yaml.MappingNode:
		for _, f := range n.Fields {
			switch {
			case !r.TextKey(f):
			case f.IsNull(): // a set: {"A100:1", "V100:1"}
				one(f.Key, f.Key.Text)
			case !f.Is("!!int", "!!float"):
				r.Fail(f, "must be the number of accelerators, not %s", f.KindName())
			case strings.Contains(f.Key.Text, ":"):
				r.FailKey(f, "two numbers of accelerators; write {%s: %s}", strings.SplitN(f.Key.Text, ":", 2)[0], yamlfile.Shorten(f.Written))
			default:
				one(f, f.Key.Text+":"+f.Number())
			}
		}
	default:
		one(n, n.Number())
		return
	}
	if len(n.Fields)+len(n.Items) == 0 {
		r.Fail(n, "is empty; %s", accAllowed)
	}
}

func (acceleratorField) JSONSchema() *jsonschema.Schema {
	number := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "null"}, {Type: "number", ExclusiveMinimum: "0"}}}
	text := &jsonschema.Schema{Type: "string"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		text,
		{Type: "integer", Minimum: "1"},
		{Type: "object", AdditionalProperties: number},
		{Type: "array", Items: text},
	}}
}
