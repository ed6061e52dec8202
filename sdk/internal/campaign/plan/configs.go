package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// configuration is an expanded one, in the forms in which its runs get it.
type configuration struct {
	Name string
	// text is the YAML of its parameters, vars are they as variables.
	text string
	vars []spec.EnvVar
}

func newConfiguration(c variation.Config) *configuration {
	return &configuration{Name: c.Name, text: parameterText(c.Parameters), vars: variables(c.Parameters)}
}

// size is about how much memory it takes.
func (c *configuration) size() int {
	n := 256 + len(c.Name) + len(c.text)
	for _, v := range c.vars {
		n += 64 + len(v.Name) + len(v.Value)
	}
	return n
}

// keptConfigurations is how much memory the configurations may take that are
// kept for their next run. Beyond that they are made anew for each.
const keptConfigurations = 8 << 20

// Configurations are all of a campaign.
type Configurations struct {
	*variation.Configs
	kept []*configuration // the first ones
	size int
}

// each yields them in their order.
func (c *Configurations) each() iter.Seq[*configuration] {
	return func(yield func(*configuration) bool) {
		for _, one := range c.kept {
			if !yield(one) {
				return
			}
		}
		before := len(c.kept)
		if before == c.Len() {
			return
		}
		i := 0
		for config := range c.All() {
			if i++; i <= before {
				continue
			}
			one := newConfiguration(config)
			if len(c.kept) == i-1 && c.size < keptConfigurations {
				c.kept, c.size = append(c.kept, one), c.size+one.size()
			}
			if !yield(one) {
				return
			}
		}
	}
}

// marshal writes the file by which a campaign is finished, or repeated, without
// its plug-ins and with the numbers that were drawn for it. It ends with ctx, and
// beyond so many bytes.
func (c *Configurations) marshal(ctx context.Context, most int) ([]byte, error) {
	var b bytes.Buffer
	for one := range c.each() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if b.Len() > most {
			return nil, api.Invalid("", "the %d configurations have more than %d MiB of parameters, which are kept with the campaign; run it in parts, a few configurations each, or put large values into run files",
				c.Len(), most>>20)
		}
		fmt.Fprintf(&b, "- name: %s\n", one.Name)
		if one.text != "" {
			b.WriteString("  parameters:\n")
			b.WriteString(indent(one.text, "    "))
		}
	}
	return b.Bytes(), nil
}

// ParseConfigurations reads what marshal wrote. It keeps the bytes and parses
// them each time the configurations are requested: the tree of a YAML parser
// needs fifty times as much memory.
func ParseConfigurations(data []byte) (*Configurations, error) {
	count := 0
	for entry := range entries(data) {
		if _, err := parseConfiguration(entry); err != nil {
			return nil, err
		}
		count++
	}
	return &Configurations{Configs: variation.From(count, func(yield func(variation.Config) bool) {
		for entry := range entries(data) {
			if config, err := parseConfiguration(entry); err != nil || !yield(config) {
				return // no error: it was read before
			}
		}
	})}, nil
}

// entries yields the parts of a YAML list, each a list of one entry: marshal
// begins no other line with a dash.
func entries(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			end := bytes.Index(data, []byte("\n- ")) + 1
			if end == 0 {
				end = len(data)
			}
			if !yield(data[:end]) {
				return
			}
			data = data[end:]
		}
	}
}

// stored is one entry of the file in the store.
type stored struct {
	Name       string    `yaml:"name"`
	Parameters yaml.Node `yaml:"parameters,omitempty"`
}

func parseConfiguration(entry []byte) (variation.Config, error) {
	var list []stored
	if err := yaml.Unmarshal(entry, &list); err != nil {
		return variation.Config{}, fmt.Errorf("the list of configurations cannot be read: %w", err)
	}
	if len(list) != 1 {
		return variation.Config{}, fmt.Errorf("the list of configurations cannot be read: %d of them stand in one entry", len(list))
	}
	s := &list[0]
	out := variation.Config{Name: s.Name}
	for i := 0; i+1 < len(s.Parameters.Content); i += 2 {
		p := spec.Parameter{Name: s.Parameters.Content[i].Value}
		var err error
		if p.Value, err = valueOf(s.Parameters.Content[i+1]); err != nil {
			return out, fmt.Errorf("the list of configurations cannot be read: %s: %w", s.Name, err)
		}
		out.Parameters = append(out.Parameters, p)
	}
	return out, nil
}

// digits is a whole number.
var digits = regexp.MustCompile(`^[-+]?[0-9]+$`)

// valueOf reads what valueNode wrote. A whole number that no int64 holds would be
// a float to the library, without its last digits.
func valueOf(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			var key string
			err := n.Content[i].Decode(&key)
			if err == nil {
				out[key], err = valueOf(n.Content[i+1])
			}
			if err != nil {
				return nil, err
			}
		}
		return out, nil
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, item := range n.Content {
			var err error
			if out[i], err = valueOf(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	if tag := n.ShortTag(); (tag == "!!int" || tag == "!!float") && digits.MatchString(n.Value) {
		if _, err := strconv.ParseInt(n.Value, 10, 64); err != nil {
			return json.Number(strings.TrimPrefix(n.Value, "+")), nil
		}
	}
	var v any
	err := n.Decode(&v)
	if i, ok := v.(int); ok {
		return int64(i), err
	}
	return v, err
}
