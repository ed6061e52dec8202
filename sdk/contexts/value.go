package contexts

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/percontext"
)

// Value resolves one value as YAML or JSON decodes it, for a context. A value
// that is no list of values per cluster is returned as it is, nil included.
// The error is an *api.InvalidSpecError: no context is given, the list lacks it, or
// the list is malformed.
func Value(value any, context string) (any, error) {
	r := resolver{context: context}
	out := r.value("", value)
	if err := r.err(); err != nil {
		return nil, err
	}
	return out, nil
}

// Resources returns a copy of resources in which every field, those in the
// entries of any_of and ordered included, has the value of the context. Fields
// without a value (null) are left out. The argument is not changed. The error
// is an *api.InvalidSpecError with all problems.
func Resources(resources map[string]any, context string) (map[string]any, error) {
	r := resolver{context: context}
	out := r.resources("", resources)
	if err := r.err(); err != nil {
		return nil, err
	}
	return out, nil
}

type resolver struct {
	context  string
	problems []api.Problem
	// asked are the names in lists for which no context is given, of which
	// the first is at path.
	asked []string
	path  string
}

func (r *resolver) err() error {
	if len(r.asked) > 0 {
		r.problems = append(r.problems, api.Problem{Path: r.path, Message: percontext.AskFor(r.asked), Remedies: []api.Remedy{percontext.ChooseContext()}})
	}
	if len(r.problems) == 0 {
		return nil
	}
	return &api.InvalidSpecError{Problems: r.problems}
}

func (r *resolver) resources(path string, in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for _, field := range slices.Sorted(maps.Keys(in)) {
		v := in[field]
		switch {
		case percontext.HoldsCandidates(field):
			v = r.candidates(path+field, v)
		case percontext.MayDiffer(field):
			v = r.value(path+field, v)
		}
		if v != nil {
			out[field] = v
		}
	}
	return out
}

func (r *resolver) candidates(path string, v any) any {
	entries, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]any, len(entries))
	for i, e := range entries {
		if m, ok := mapping(e); ok {
			e = r.resources(fmt.Sprintf("%s[%d].", path, i), m)
		}
		out[i] = e
	}
	return out
}

func (r *resolver) value(path string, v any) any {
	items, list := read(v)
	faults := list.Faults()
	for _, f := range faults {
		r.problems = append(r.problems, api.Problem{Path: fmt.Sprintf("%s[%d]", path, f.Item), Message: f.Message})
	}
	if len(faults) > 0 || !list.PerCluster() {
		return v
	}
	if r.context == "" {
		if r.asked == nil {
			r.path = path
		}
		r.asked = union(r.asked, list.Contexts())
		return nil
	}
	i := list.Find(r.context)
	if i < 0 {
		r.problems = append(r.problems, api.Problem{Path: path, Message: percontext.NoValue(r.context, list.Contexts())})
		return nil
	}
	item, _ := mapping(items[i])
	chosen := item[r.context]
	if _, inner := read(chosen); inner.PerCluster() {
		r.problems = append(r.problems, api.Problem{Path: fmt.Sprintf("%s[%d]", path, i), Message: percontext.Nested})
	}
	return chosen
}

// read returns a list's items, and what the rule sees of them.
func read(v any) ([]any, percontext.List) {
	items, ok := v.([]any)
	if mappings, isMaps := v.([]map[string]any); isMaps {
		for _, m := range mappings {
			items = append(items, m)
		}
	} else if !ok {
		return nil, nil
	}
	list := make(percontext.List, len(items))
	for i, item := range items {
		if m, ok := mapping(item); ok {
			list[i] = slices.AppendSeq([]string{}, maps.Keys(m))
			slices.Sort(list[i])
		}
	}
	return items, list
}

// mapping reads the two forms that decoders give mappings. Keys that are no
// text (a context may be called 7) become it.
func mapping(v any) (map[string]any, bool) {
	switch m := v.(type) {
	case map[string]any:
		return m, true
	case map[any]any:
		out := make(map[string]any, len(m))
		for k, v := range m {
			if k == nil {
				k = ""
			}
			out[fmt.Sprint(k)] = v
		}
		return out, true
	}
	return nil, false
}

func union(a, b []string) []string {
	for _, name := range b {
		if !slices.Contains(a, name) {
			a = append(a, name)
		}
	}
	return a
}
