package yamlfile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/internal/text"
)

// Node is one value of a document: YAML with aliases and merge keys resolved,
// keys that are unique, and a way back to the place in the file.
type Node struct {
	Kind yaml.Kind // MappingNode, SequenceNode or ScalarNode
	Scalar
	// text is a scalar as it is in the file. written is the same before
	// environment variables were substituted: messages quote it, so that no
	// secret gets into an error.
	Text, Written string
	// pending says that the text waits for an input that is missing. What
	// is wrong with such a value cannot be known yet, and is not reported.
	Pending      bool
	Line, Column int

	Parent *Node
	Label  string // ".cpus", "[0]", "[/mnt/data]"
	Key    *Node  // of a mapping's value
	// list is the list of values per cluster that the node was chosen from.
	PerContext *Node

	Fields []*Node // a mapping's values, in the file's order
	Items  []*Node
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Path is the path of the node: "resources.any_of[0].cpus".
func (n *Node) Path() string {
	var parts []string
	for ; n != nil; n = n.Parent {
		parts = append(parts, n.Label)
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
	return "[" + Shorten(key) + "]"
}

// Below is the path of what a mapping at this path has under a key.
func Below(path, key string) string { return strings.TrimPrefix(path+labelOf(key), ".") }

// Shorten returns the beginning of a user's text for a message.
func Shorten(s string) string { return text.Short(s, 60) }

// Quote is the node's text for a message.
func (n *Node) Quote() string {
	return strconv.Quote(Shorten(n.Written))
}

func (n *Node) IsNull() bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// Get returns the value of a key, nil when it is absent.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, f := range n.Fields {
		if f.Key.Text == key {
			return f
		}
	}
	return nil
}

func (n *Node) Has(keys ...string) bool {
	for _, k := range keys {
		if n.Get(k) != nil {
			return true
		}
	}
	return false
}

// KindName names what the node is, for "must be X, not Y".
func (n *Node) KindName() string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "empty"
	case "!!bool":
		return "the boolean " + n.Written
	case "!!int", "!!float":
		return "the number " + Shorten(n.Written)
	default:
		return "the text " + n.Quote()
	}
}

// builder makes nodes of YAML nodes.
type builder struct {
	r       *Reader
	aliased int
	// broken says that a problem was met which leaves no tree worth reading.
	broken bool
}

func (b *builder) fail(y *yaml.Node, n *Node, format string, args ...any) {
	b.r.Add(y.Line, y.Column, n.Path(), fmt.Sprintf(format, args...))
}

// stop reports a problem that ends the reading of the file.
func (b *builder) stop(y *yaml.Node, n *Node, format string, args ...any) {
	if !b.broken {
		b.fail(y, n, format, args...)
	}
	b.broken = true
}

// build makes the node of y. aliases counts the aliases above it.
func (b *builder) build(y *yaml.Node, parent *Node, label string, depth, aliases int) *Node {
	n := &Node{Parent: parent, Label: label, Line: y.Line, Column: y.Column, Kind: yaml.ScalarNode, Scalar: Scalar{Tag: "!!null"}}
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
	case b.aliased > b.r.format.MaxAliased:
		b.stop(&yaml.Node{}, &Node{}, "the aliases of this file stand for more than %d values", b.r.format.MaxAliased)
		return n
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.Kind, n.Tag = y.Kind, "!!map"
		b.mapping(y, n, depth, aliases)
	case yaml.SequenceNode:
		n.Kind, n.Tag = y.Kind, "!!seq"
		n.Items = make([]*Node, len(y.Content))
		for i, item := range y.Content {
			n.Items[i] = b.build(item, n, "["+strconv.Itoa(i)+"]", depth+1, aliases)
		}
	default:
		n.Text, n.Written = y.Value, y.Value
		b.scalar(y, n)
	}
	return n
}

func (b *builder) scalar(y *yaml.Node, n *Node) {
	switch {
	case y.Style&yaml.TaggedStyle != 0:
		var msg string
		if n.Scalar, msg = taggedScalar(y.ShortTag(), y.Value); msg != "" {
			b.fail(y, n, "%s", msg)
		}
	case y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		n.Scalar = TextScalar(y.Value)
	default:
		n.Scalar = plainScalar(y.Value)
	}
	if strings.ContainsRune(y.Value, 0) {
		b.fail(y, n, "holds a NUL character, which neither a script nor a variable can")
	}
}

// mapping fills in n's fields: the mapping's own first, then those that its
// merge keys ("<<") bring and that it does not have itself. As in PyYAML, of a
// list of mappings the first one wins, and of several merge keys the last one.
func (b *builder) mapping(y *yaml.Node, n *Node, depth, aliases int) {
	seen := make(map[string]*Node, len(y.Content)/2)
	var merged []*Node
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
		if key.Kind != yaml.ScalarNode {
			b.fail(ky, n, "a key must be text, not %s", key.KindName())
			continue
		}
		v := b.build(vy, n, labelOf(key.Text), depth+1, aliases)
		v.Key = key
		if first, dup := seen[key.Text]; dup {
			b.fail(ky, v, "duplicate key: already set on line %d", first.Line)
			continue
		}
		seen[key.Text] = key
		n.Fields = append(n.Fields, v)
	}
	for _, m := range slices.Backward(merged) {
		sources := m.Items
		if m.Kind == yaml.MappingNode {
			sources = []*Node{m}
		}
		for _, s := range sources {
			for _, f := range s.Fields {
				if seen[f.Key.Text] == nil {
					seen[f.Key.Text] = f.Key
					f.Parent = n
					n.Fields = append(n.Fields, f)
				}
			}
			if s.Kind != yaml.MappingNode {
				b.r.Fail(s, "only a mapping can be merged by \"<<\"")
			}
		}
		if m.Kind == yaml.ScalarNode && !b.broken {
			b.r.Fail(m, "only a mapping can be merged by \"<<\"")
		}
	}
}

// Clone returns a copy of the node and of everything below it, for a reader that
// changes what it reads. The copy has the same parent.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	if n.Key != nil {
		key := *n.Key
		c.Key = &key
	}
	c.Fields, c.Items = cloneAll(n.Fields, &c), cloneAll(n.Items, &c)
	return &c
}

func cloneAll(nodes []*Node, parent *Node) []*Node {
	if nodes == nil {
		return nil
	}
	out := make([]*Node, len(nodes))
	for i, n := range nodes {
		out[i] = n.Clone()
		out[i].Parent = parent
	}
	return out
}
