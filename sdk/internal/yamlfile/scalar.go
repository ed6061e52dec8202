package yamlfile

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/yaml11"
)

// Scalar is the value of a scalar of a file. SkyPilot and RoboVAST read files
// by YAML 1.1, which is what counts. Users often write YAML 1.2, so a field of
// text accepts "no", and one of a number accepts 1e3, as in that version.
type Scalar struct {
	// tag is the type by YAML 1.1: "!!str", "!!int" ...
	Tag string
	// other is the type by YAML 1.2 where that is another one, else empty.
	other string
	// value is what PyYAML reads, see yaml11.Value.
	value any
}

// TextScalar is a scalar in quotes.
func TextScalar(text string) Scalar { return Scalar{Tag: "!!str", value: text} }

// plainScalar is a scalar without quotes and without a tag.
func plainScalar(text string) Scalar {
	s := Scalar{value: yaml11.Value(text)}
	s.Tag = tagOf(s.value)
	if later := laterTag(text); later != s.Tag {
		s.other = later
	}
	return s
}

// taggedScalar is a scalar with an explicit tag. What is wrong with that is the
// second result; the scalar is text then.
func taggedScalar(tag, text string) (Scalar, string) {
	own := plainScalar(text)
	switch {
	case tag == "!!str" || tag == "!!merge":
		return TextScalar(text), ""
	case tag == "!!timestamp":
		own.Tag, own.other = "!!str", ""
		return own, ""
	case !slices.Contains([]string{"!!null", "!!bool", "!!int", "!!float"}, tag):
		return TextScalar(text), fmt.Sprintf("the YAML tag %s has no meaning here", Shorten(tag))
	case own.Tag == tag:
		own.other = ""
		return own, ""
	case tag == "!!float" && own.Is("!!int", "!!float") || own.other == tag:
		s := Scalar{Tag: tag}
		s.value, _ = later(tag, text)
		return s, ""
	}
	return TextScalar(text), fmt.Sprintf("the YAML tag %s does not fit the value", tag)
}

// tagOf is the type of a value. What JSON cannot hold is text.
func tagOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "!!null"
	case bool:
		return "!!bool"
	case int64, *big.Int:
		return "!!int"
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return "!!float"
		}
	}
	return "!!str"
}

// laterTag is the type of a plain scalar by YAML 1.2.
func laterTag(text string) string {
	switch tag := (&yaml.Node{Kind: yaml.ScalarNode, Value: text}).ShortTag(); tag {
	case "!!null", "!!bool", "!!int":
		return tag
	case "!!float":
		v, _ := later(tag, text)
		return tagOf(v)
	}
	return "!!str"
}

// later is the value of a plain scalar by YAML 1.2, as the type of a tag.
func later(tag, text string) (any, error) {
	y := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
	if tag == "!!int" {
		var v int64
		err := y.Decode(&v)
		return v, err
	}
	var v float64
	err := y.Decode(&v)
	return v, err
}

// Is reports whether the scalar is of one of the types, by either YAML.
func (s Scalar) Is(tags ...string) bool {
	return slices.Contains(tags, s.Tag) || s.other != "" && slices.Contains(tags, s.other)
}

func (s Scalar) IsText() bool { return s.Is("!!str") }

// Number is a scalar's text for a parser of quantities: the forms of numbers
// that only YAML has (0x10, 1_000, 1e3, 1:30) in plain digits.
func (n *Node) Number() string {
	v := n.value
	if n.Tag == "!!str" {
		if n.other != "!!int" && n.other != "!!float" {
			return n.Text
		}
		var err error
		if v, err = later(n.other, n.Text); err != nil {
			return n.Text
		}
	}
	switch v := v.(type) {
	case int64, *big.Int:
		return fmt.Sprint(v)
	case float64:
		// A plain decimal is kept as it is: a float64 might hold less.
		if strings.ContainsAny(n.Text, "eE_:") {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return n.Text
}

// Plain returns the node as what encoding/json would make of it: nil, bool,
// int64, float64, json.Number for a whole number that no int64 holds, string,
// []any, map[string]any. Scalars are those of YAML 1.1; dates are text.
func (n *Node) Plain() any {
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			m[f.Key.Text] = f.Plain()
		}
		return m
	case yaml.SequenceNode:
		s := make([]any, len(n.Items))
		for i, item := range n.Items {
			s[i] = item.Plain()
		}
		return s
	}
	if n.Tag == "!!str" {
		return n.Text
	}
	if v, ok := n.value.(*big.Int); ok {
		return json.Number(v.String())
	}
	return n.value
}

// Variable is a scalar as the value of an environment variable: Python's str of
// what PyYAML reads, which is how SkyPilot makes it.
func (n *Node) Variable() string {
	if _, text := n.value.(string); text {
		return n.Text
	}
	return yaml11.Text(n.value)
}
