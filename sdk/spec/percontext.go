package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/percontext"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// perContext puts the value of the context that is meant in the place of every
// list of values per cluster in a task's resources, before they are decoded.
// The context is the one of infra where that names one, else the one given.
func (r *parser) perContext(resources *yamlfile.Node, given string) {
	if resources == nil || resources.Kind != yaml.MappingNode {
		return
	}
	c := chooser{r: r.Reader}
	var entries []*yamlfile.Node
	for _, key := range []string{"any_of", "ordered"} {
		if list := resources.Get(key); list != nil {
			for _, e := range list.Items {
				if e.Kind == yaml.MappingNode {
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
		r.FailWith(percontext.ChooseContext(), c.ask, "%s%s", percontext.AskFor(c.names), blankHint(c.ask))
	}
}

// namesContext reports the fields that may name a context.
func namesContext(field string) bool {
	return field == "infra" || field == "cloud" || field == "region"
}

// contextOf is the context that a set of resources names; what is wrong with
// the fields is found later.
func contextOf(resources *yamlfile.Node) string {
	text := func(key string) string {
		if n := resources.Get(key); n != nil && n.Kind == yaml.ScalarNode && n.IsText() {
			return n.Text
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
	r *yamlfile.Reader
	// ask is the first list for which no context is given, and names are the
	// contexts in all of these lists.
	ask   *yamlfile.Node
	names []string
}

func (c *chooser) fields(resources *yamlfile.Node, context string, which func(string) bool) {
	for i, f := range resources.Fields {
		if f.Kind == yaml.SequenceNode && percontext.MayDiffer(f.Key.Text) && which(f.Key.Text) {
			resources.Fields[i] = c.choose(f, context)
		}
	}
}

// choose returns what a field has in a context: itself, unless it is a list of
// values per cluster. When the value cannot be known, what is wrong is reported
// and nothing further will be.
func (c *chooser) choose(f *yamlfile.Node, context string) *yamlfile.Node {
	list := perCluster(f)
	unknown := &yamlfile.Node{Kind: yaml.ScalarNode, Scalar: yamlfile.TextScalar(""), Pending: true, Line: f.Line, Column: f.Column,
		Parent: f.Parent, Label: f.Label, Key: f.Key}
	if faults := list.Faults(); len(faults) > 0 {
		for _, fault := range faults {
			c.r.Fail(f.Items[fault.Item], "%s", fault.Message)
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
		c.r.Fail(f, "%s%s", percontext.NoValue(context, list.Contexts()), blankHint(f))
		return unknown
	}
	value := f.Items[at].Fields[0]
	if perCluster(value).PerCluster() {
		c.r.Fail(value, percontext.Nested)
		return unknown
	}
	chosen := *value
	chosen.Key, chosen.Parent, chosen.PerContext = f.Key, f.Parent, f
	chosen.Label = fmt.Sprintf("%s[%d]%s", f.Label, at, value.Label)
	return &chosen
}

// perCluster is what the rule for values per cluster sees of a node.
func perCluster(n *yamlfile.Node) percontext.List {
	list := make(percontext.List, len(n.Items))
	for i, item := range n.Items {
		if item.Kind == yaml.MappingNode {
			list[i] = []string{}
		}
		for _, v := range item.Fields {
			name := v.Key.Text
			if v.Key.IsNull() {
				name = ""
			}
			list[i] = append(list[i], name)
		}
	}
	return list
}

// blankHint reports a typing error that makes values per cluster of
// accelerators: "- A100: 8" for "- A100:8".
func blankHint(f *yamlfile.Node) string {
	if f.Key.Text != "accelerators" && f.Key.Text != "gpus" {
		return ""
	}
	for _, item := range f.Items {
		if !item.Fields[0].Is("!!int") {
			return ""
		}
	}
	first := f.Items[0].Fields[0]
	return fmt.Sprintf("; if accelerators are meant, leave out the blank: %q", yamlfile.Shorten(first.Key.Written)+":"+yamlfile.Shorten(first.Written))
}

// listHint explains that values per cluster are a list, where a mapping was
// written for a field that cannot be one.
func listHint(n *yamlfile.Node) string {
	if len(n.Fields) == 0 || n.Parent == nil || n.Key == nil || !strings.Contains(n.Parent.Path(), "resources") || !percontext.MayDiffer(n.Key.Text) {
		return ""
	}
	return fmt.Sprintf("; values per cluster are a list of contexts, \"- %s: ...\"", yamlfile.Shorten(n.Fields[0].Key.Written))
}
