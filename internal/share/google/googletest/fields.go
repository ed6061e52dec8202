package googletest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// project returns v, as JSON has it, with the selected fields only: names, and names with
// those of their parts in parentheses. An empty selection is all.
func project(v any, selected string) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil || selected == "" {
		return plain, err
	}
	fields, rest, err := parse(selected)
	if err != nil || rest != "" {
		return nil, fmt.Errorf("invalid field selection %q", selected)
	}
	return fields.apply(plain), nil
}

type selection map[string]selection

func parse(s string) (selection, string, error) {
	out := selection{}
	for {
		end := strings.IndexAny(s, ",()")
		if end < 0 {
			end = len(s)
		}
		name := s[:end]
		if name == "" || strings.ContainsAny(name, " '\"") {
			return nil, "", fmt.Errorf("no name in %q", s)
		}
		s = s[end:]
		out[name] = nil
		if strings.HasPrefix(s, "(") {
			inner, rest, err := parse(s[1:])
			if err != nil || !strings.HasPrefix(rest, ")") {
				return nil, "", fmt.Errorf("no end of %q", s)
			}
			out[name], s = inner, rest[1:]
		}
		if !strings.HasPrefix(s, ",") {
			return out, s, nil
		}
		s = s[1:]
	}
}

func (f selection) apply(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = f.apply(v[i])
		}
		return v
	case map[string]any:
		out := map[string]any{}
		for name, inner := range f {
			value, there := v[name]
			switch {
			case !there:
			case inner == nil:
				out[name] = value
			default:
				out[name] = inner.apply(value)
			}
		}
		return out
	}
	return v
}
