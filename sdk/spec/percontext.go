package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/contexts"
)

// perContext puts the value of the context that is meant in the place of every
// list of values per cluster in a task's resources, before they are decoded.
// The context is the one of infra where that names one, else the one given.
func (r *parser) perContext(resources *node, given string) {
	if resources == nil || resources.kind != yaml.MappingNode {
		return
	}
	c := chooser{r: r.reader}
	var entries []*node
	for _, key := range []string{"any_of", "ordered"} {
		if list := resources.get(key); list != nil {
			for _, e := range list.items {
				if e.kind == yaml.MappingNode {
					entries = append(entries, e)
				}
			}
		}
	}
	// infra comes first, since it chooses for the others.
	var named []string
	for _, e := range entries {
		c.fields(e, given, namesContext)
		if own := contextOf(e); own != "" && !slices.Contains(named, own) {
			named = append(named, own)
		}
	}
	c.fields(resources, given, namesContext)
	outer := cmp.Or(contextOf(resources), given)
	if outer == "" && len(named) == 1 {
		outer = named[0]
	}
	rest := func(field string) bool { return !namesContext(field) }
	c.fields(resources, outer, rest)
	for _, e := range entries {
		c.fields(e, cmp.Or(contextOf(e), outer), rest)
	}
	if c.ask != nil {
		r.fail(c.ask, "%s%s", contexts.AskFor(c.names), blankHint(c.ask))
	}
}

// namesContext reports the fields that may say which context is meant.
func namesContext(field string) bool {
	return field == "infra" || field == "cloud" || field == "region"
}

// contextOf is the context that a set of resources names; what is wrong with
// the fields is found later.
func contextOf(resources *node) string {
	text := func(key string) string {
		if n := resources.get(key); n != nil && n.kind == yaml.ScalarNode && n.isText() {
			return n.text
		}
		return ""
	}
	if infra := text("infra"); infra != "" {
		_, context := splitInfra(infra)
		return context
	}
	if isKubernetes(text("cloud")) {
		return text("region")
	}
	return ""
}

// splitInfra reads "k8s/<context>"; the context may hold slashes.
func splitInfra(infra string) (kubernetes bool, context string) {
	cloud, context, _ := strings.Cut(infra, "/")
	if !isKubernetes(cloud) {
		return false, ""
	}
	if context == "*" {
		context = ""
	}
	return true, context
}

// chooser replaces lists of values per cluster.
type chooser struct {
	r *reader
	// ask is the first list for which no context is given, and names are the
	// contexts in all of them.
	ask   *node
	names []string
}

func (c *chooser) fields(resources *node, context string, which func(string) bool) {
	for i, f := range resources.fields {
		if f.kind == yaml.SequenceNode && contexts.MayDiffer(f.key.text) && which(f.key.text) {
			resources.fields[i] = c.choose(f, context)
		}
	}
}

// choose returns what a field has in a context: itself, unless it is a list of
// values per cluster. When the value cannot be known, what is wrong is reported
// and nothing further will be.
func (c *chooser) choose(f *node, context string) *node {
	list := f.perCluster()
	unknown := &node{kind: yaml.ScalarNode, scalar: textScalar(""), pending: true, line: f.line, col: f.col,
		parent: f.parent, label: f.label, key: f.key}
	if faults := list.Faults(); len(faults) > 0 {
		for _, fault := range faults {
			c.r.fail(f.items[fault.Item], "%s", fault.Message)
		}
		return unknown
	}
	if !list.PerCluster() {
		return f
	}
	if context == "" {
		c.ask = cmp.Or(c.ask, f)
		for _, name := range list.Contexts() {
			if !slices.Contains(c.names, name) {
				c.names = append(c.names, name)
			}
		}
		return unknown
	}
	at := list.Find(context)
	if at < 0 {
		c.r.fail(f, "%s%s", contexts.NoValue(context, list.Contexts()), blankHint(f))
		return unknown
	}
	value := f.items[at].fields[0]
	if value.perCluster().PerCluster() {
		c.r.fail(value, contexts.Nested)
		return unknown
	}
	chosen := *value
	chosen.key, chosen.parent, chosen.list = f.key, f.parent, f
	chosen.label = fmt.Sprintf("%s[%d]%s", f.label, at, value.label)
	return &chosen
}

// perCluster is what the rule for values per cluster sees of a node.
func (n *node) perCluster() contexts.List {
	list := make(contexts.List, len(n.items))
	for i, item := range n.items {
		if item.kind == yaml.MappingNode {
			list[i] = []string{}
		}
		for _, v := range item.fields {
			name := v.key.text
			if v.key.isNull() {
				name = ""
			}
			list[i] = append(list[i], name)
		}
	}
	return list
}

// blankHint tells of a slip that makes values per cluster of accelerators:
// "- A100: 8" for "- A100:8".
func blankHint(f *node) string {
	if f.key.text != "accelerators" && f.key.text != "gpus" {
		return ""
	}
	for _, item := range f.items {
		if !item.fields[0].is("!!int") {
			return ""
		}
	}
	first := f.items[0].fields[0]
	return fmt.Sprintf("; if accelerators are meant, leave out the blank: %q", shorten(first.key.written)+":"+shorten(first.written))
}

// listHint tells that values per cluster are a list, where a mapping was
// written for a field that can be none.
func listHint(n *node) string {
	if len(n.fields) == 0 || n.parent == nil || n.key == nil || !strings.Contains(n.parent.path(), "resources") || !contexts.MayDiffer(n.key.text) {
		return ""
	}
	return fmt.Sprintf("; values per cluster are a list of contexts, \"- %s: ...\"", shorten(n.fields[0].key.written))
}
