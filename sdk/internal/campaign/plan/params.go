package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// parameterText is the YAML of a configuration's parameters, a mapping in the
// order of the file; "" for none.
func parameterText(params []spec.Parameter) string {
	if len(params) == 0 {
		return ""
	}
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range params {
		node.Content = append(node.Content, valueNode(p.Name), valueNode(p.Value))
	}
	text, err := yaml.Marshal(node)
	if err != nil {
		panic("campaign: a parsed parameter must have a YAML form: " + err.Error())
	}
	return string(text)
}

// document is what a run's parameter file holds. With a scenario it is what
// scenario_execution reads: the parameters below the scenario's name, and with
// them the folder of the run's output below the common one. A command gets
// the parameters alone.
func document(scenario, parameters, output string) string {
	if scenario == "" {
		return parameters
	}
	return scenario + ":\n" + indent(parameters, "    ") + "    _output_dir: " + output + "\n"
}

// indent puts a margin before every line that is not empty.
func indent(text, margin string) string {
	var b strings.Builder
	b.Grow(len(text) * 3 / 2)
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString(margin)
		}
		b.WriteString(line)
	}
	return b.String()
}

// valueNode writes a value so that every YAML parser reads the same type: one
// of YAML 1.1 takes 1e+06 for a text, and any of them 100 for a whole number.
func valueNode(v any) *yaml.Node {
	switch v := v.(type) {
	case string:
		// Whatever begins with a letter and is longer than "false" is a text to
		// every parser. Encode handles the other values, but is slow.
		if len(v) > len("false") && (v[0]|0x20) >= 'a' && (v[0]|0x20) <= 'z' {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}
		}
	case int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v, 10)}
	case json.Number:
		// A whole number that no int64 holds. With the type that the library
		// takes it for it is written without a tag.
		node := &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}
		node.Tag = node.ShortTag()
		return node
	case float64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: floatText(v)}
	case map[string]any:
		node := &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			node.Content = append(node.Content, valueNode(key), valueNode(v[key]))
		}
		return node
	case []any:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			node.Content = append(node.Content, valueNode(item))
		}
		return node
	}
	node := &yaml.Node{}
	if err := node.Encode(v); err != nil {
		panic(fmt.Sprintf("campaign: a %T is no value of a parameter: %v", v, err))
	}
	return node
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if strings.Contains(text, ".") {
		return text
	}
	mantissa, exponent, scientific := strings.Cut(text, "e")
	if scientific {
		return mantissa + ".0e" + exponent
	}
	return text + ".0"
}

// maxVariable is how long a parameter may be that is also a variable. All
// variables and arguments of a program together have about 2 MiB.
const maxVariable = 32 << 10

// variables are the parameters as PARAM_*: a text as it is, a number as in the
// file, anything nested as JSON. Of two names that become one the first wins;
// what is longer than maxVariable is in the file only: see lostVariables.
func variables(params []spec.Parameter) []spec.EnvVar {
	out := make([]spec.EnvVar, 0, len(params))
	for _, p := range params {
		name, value := variableName(p.Name), variableValue(p.Value)
		taken := slices.ContainsFunc(out, func(e spec.EnvVar) bool { return e.Name == name })
		if !taken && len(value) <= maxVariable {
			out = append(out, spec.EnvVar{Name: name, Value: value})
		}
	}
	return out
}

// lostVariables returns warnings for the parameters that a command finds only
// in its file, because another one has their variable, or since they are too
// long for one. Each parameter is reported once, by the first configuration
// that has it.
func lostVariables(ctx context.Context, configs *variation.Configs) ([]string, error) {
	var out []string
	warned := map[string]bool{}
	warn := func(parameter, format string, args ...any) {
		if !warned[parameter] {
			warned[parameter] = true
			out = append(out, fmt.Sprintf("parameter %s of configuration ", strconv.Quote(parameter))+fmt.Sprintf(format, args...)+
				"; the command finds it only in the file that SCENARIO_PARAMETER_FILE names")
		}
	}
	for c := range configs.All() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		taken := make(map[string]string, len(c.Parameters))
		for _, p := range c.Parameters {
			name := variableName(p.Name)
			first, met := taken[name]
			switch {
			case met:
				warn(p.Name, "%s is no variable: %s is parameter %q already", c.Name, name, first)
			case len(variableValue(p.Value)) > maxVariable:
				warn(p.Name, "%s is no variable: %s would have more than %d KiB", c.Name, name, maxVariable>>10)
			default:
				taken[name] = p.Name
			}
		}
	}
	return out, nil
}

func variableName(parameter string) string {
	return "PARAM_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, parameter)
}

func variableValue(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return floatText(v)
	case nil:
		return ""
	}
	return string(variation.JSON(v))
}

// scenarioName finds the name of the scenario that a file declares.
var scenarioName = regexp.MustCompile(`(?m)^scenario[ \t]+([A-Za-z_][A-Za-z0-9_.]*)[ \t]*:`)
