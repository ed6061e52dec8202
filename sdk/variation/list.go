package variation

import (
	"fmt"

	"github.com/kubevast/vast/sdk/spec"
)

// list is ParameterVariationList: a child for each of values. With several
// names each value is a list, one for each name.
func list(in Input) (changes, error) {
	s := &settings{values: in.Settings}
	values, _ := s.values["values"].([]any)
	if len(values) == 0 {
		s.fail("values", "must be a list that is not empty")
	}
	names, several := s.names()
	if err := s.err(); err != nil {
		return changes{}, err
	}
	for i, value := range values {
		if of, _ := value.([]any); several && len(of) != len(names) {
			s.fail(fmt.Sprintf("values[%d]", i), "must be a list of %d values", len(names))
		}
	}
	return changes{len(values), func(yield func(Change) bool) {
		for _, value := range values {
			change := Change{{Name: names[0], Value: value}}
			if of, _ := value.([]any); several {
				change = make(Change, len(names))
				for j, name := range names {
					change[j] = spec.Parameter{Name: name, Value: of[j]}
				}
			}
			if !yield(change) {
				return
			}
		}
	}}, s.err()
}

// names reads the setting name: a text, or a list of them.
func (s *settings) names() (names []string, several bool) {
	switch v := s.values["name"].(type) {
	case string:
		names = []string{v}
	case []any:
		several = true
		for _, item := range v {
			name, _ := item.(string)
			names = append(names, name)
		}
	}
	for _, name := range names {
		if name != "" {
			continue
		}
		names = nil
		break
	}
	if len(names) == 0 {
		s.fail("name", "must be the name of a parameter, or a list of names")
	}
	return names, several
}
