package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// node is one value of a document: YAML with aliases and merge keys resolved,
// keys that are unique, and a way back to the place in the file.
type node struct {
	kind yaml.Kind // MappingNode, SequenceNode or ScalarNode
	scalar
	// text is a scalar as it stands in the file. written is the same before
	// environment variables were substituted: messages quote it, so that no
	// secret gets into an error.
	text, written string
	// pending says that the text waits for an input that is missing. What
	// is wrong with such a value cannot be known yet, and is not reported.
	pending   bool
	line, col int

	parent *node
	label  string // ".cpus", "[0]", "[/mnt/data]"
	key    *node  // of a mapping's value
	// list is the list of values per cluster that the node was chosen from.
	list *node

	fields []*node // a mapping's values, in the file's order
	items  []*node
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// path is where the node stands: "resources.any_of[0].cpus".
func (n *node) path() string {
	var parts []string
	for ; n != nil; n = n.parent {
		parts = append(parts, n.label)
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
	}
	if b.Len() > 100 {
		return "" // line and column say it better
	}
	return strings.TrimPrefix(b.String(), ".")
}

func labelOf(key string) string {
	if plainKey.MatchString(key) {
		return "." + key
	}
	return "[" + shorten(key) + "]"
}

// Below is the path of what a mapping at this path has under a key.
func Below(path, key string) string { return strings.TrimPrefix(path+labelOf(key), ".") }

// shorten keeps a user's text in a message readable.
func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return s
}

// quote is the node's text for a message.
func (n *node) quote() string {
	return strconv.Quote(shorten(n.written))
}

func (n *node) isNull() bool {
	return n.kind == yaml.ScalarNode && n.tag == "!!null"
}

// get returns the value of a key, nil when it is absent.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, f := range n.fields {
		if f.key.text == key {
			return f
		}
	}
	return nil
}

func (n *node) has(keys ...string) bool {
	for _, k := range keys {
		if n.get(k) != nil {
			return true
		}
	}
	return false
}

// kindName names what the node is, for "must be X, not Y".
func (n *node) kindName() string {
	switch {
	case n.kind == yaml.MappingNode:
		return "a mapping"
	case n.kind == yaml.SequenceNode:
		return "a list"
	}
	switch n.tag {
	case "!!null":
		return "empty"
	case "!!bool":
		return "the boolean " + n.written
	case "!!int", "!!float":
		return "the number " + shorten(n.written)
	default:
		return "the text " + n.quote()
	}
}

// builder makes nodes of YAML nodes.
type builder struct {
	r       *reader
	aliased int
	// broken says that a problem was met which leaves no tree worth reading.
	broken bool
}

func (b *builder) fail(y *yaml.Node, n *node, format string, args ...any) {
	b.r.add(y.Line, y.Column, n.path(), fmt.Sprintf(format, args...))
}

// stop reports a problem that ends the reading of the file.
func (b *builder) stop(y *yaml.Node, n *node, format string, args ...any) {
	if !b.broken {
		b.fail(y, n, format, args...)
	}
	b.broken = true
}

// build makes the node of y. aliases counts the aliases above it.
func (b *builder) build(y *yaml.Node, parent *node, label string, depth, aliases int) *node {
	n := &node{parent: parent, label: label, line: y.Line, col: y.Column, kind: yaml.ScalarNode, scalar: scalar{tag: "!!null"}}
	if b.broken {
		return n
	}
	use := y
	for y.Kind == yaml.AliasNode {
		y = y.Alias
		aliases++
	}
	if aliases > 0 {
		b.aliased++
	}
	switch {
	case depth > maxDepth:
		b.stop(use, n, "nested deeper than %d levels", maxDepth)
		return n
	case b.aliased > b.r.format.maxAliased:
		b.stop(&yaml.Node{}, &node{}, "the aliases of this file stand for more than %d values", b.r.format.maxAliased)
		return n
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind, n.tag = y.Kind, "!!map"
		b.mapping(y, n, depth, aliases)
	case yaml.SequenceNode:
		n.kind, n.tag = y.Kind, "!!seq"
		n.items = make([]*node, len(y.Content))
		for i, item := range y.Content {
			n.items[i] = b.build(item, n, "["+strconv.Itoa(i)+"]", depth+1, aliases)
		}
	default:
		n.text, n.written = y.Value, y.Value
		b.scalar(y, n)
	}
	return n
}

func (b *builder) scalar(y *yaml.Node, n *node) {
	switch {
	case y.Style&yaml.TaggedStyle != 0:
		var msg string
		if n.scalar, msg = taggedScalar(y.ShortTag(), y.Value); msg != "" {
			b.fail(y, n, "%s", msg)
		}
	case y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		n.scalar = textScalar(y.Value)
	default:
		n.scalar = plainScalar(y.Value)
	}
	if strings.ContainsRune(y.Value, 0) {
		b.fail(y, n, "holds a NUL character, which neither a script nor a variable can")
	}
}

// mapping fills in n's fields: the mapping's own first, then those that its
// merge keys ("<<") bring and that it does not have itself. As in PyYAML, of a
// list of mappings the first one wins, and of several merge keys the last one.
func (b *builder) mapping(y *yaml.Node, n *node, depth, aliases int) {
	seen := make(map[string]*node, len(y.Content)/2)
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		ky, vy := y.Content[i], y.Content[i+1]
		if ky.ShortTag() == "!!merge" {
			merged = append(merged, b.build(vy, n, ".<<", depth+1, aliases))
			continue
		}
		key := b.build(ky, n, "", depth+1, aliases)
		if b.broken {
			return
		}
		if key.kind != yaml.ScalarNode {
			b.fail(ky, n, "a key must be text, not %s", key.kindName())
			continue
		}
		v := b.build(vy, n, labelOf(key.text), depth+1, aliases)
		v.key = key
		if first, dup := seen[key.text]; dup {
			b.fail(ky, v, "duplicate key: it stands on line %d already", first.line)
			continue
		}
		seen[key.text] = key
		n.fields = append(n.fields, v)
	}
	for _, m := range slices.Backward(merged) {
		sources := m.items
		if m.kind == yaml.MappingNode {
			sources = []*node{m}
		}
		for _, s := range sources {
			for _, f := range s.fields {
				if seen[f.key.text] == nil {
					seen[f.key.text] = f.key
					f.parent = n
					n.fields = append(n.fields, f)
				}
			}
			if s.kind != yaml.MappingNode {
				b.r.fail(s, "only a mapping can be merged by \"<<\"")
			}
		}
		if m.kind == yaml.ScalarNode && !b.broken {
			b.r.fail(m, "only a mapping can be merged by \"<<\"")
		}
	}
}
