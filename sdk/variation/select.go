package variation

import (
	"path"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// Select returns the configurations whose name fits one of the globs ("*", "?",
// "[a-c]"), in their order; all of them when there is no glob. A glob that is
// malformed, or that fits no name, is an *api.InvalidSpecError: most likely it is
// mistyped.
func Select(configs *Configs, globs []string) (*Configs, error) {
	if len(globs) == 0 {
		return configs, nil
	}
	var errs []error
	var patterns []string
	for _, glob := range globs {
		if _, err := path.Match(glob, ""); err != nil {
			errs = append(errs, api.InvalidOption("Configs", "%q is not a pattern; \"*\" matches any text, \"?\" one character, \"[a-c]\" one of these", glob))
			continue
		}
		patterns = append(patterns, glob)
	}
	chosen, count := make([]bool, configs.Len()), 0
	fits := make([]bool, len(patterns))
	i := 0
	for name := range configs.names() {
		for j, glob := range patterns {
			if ok, _ := path.Match(glob, name); ok {
				chosen[i], fits[j] = true, true
			}
		}
		if chosen[i] {
			count++
		}
		i++
	}
	for j, glob := range patterns {
		if !fits[j] {
			errs = append(errs, api.InvalidOption("Configs", "no configuration fits %q%s", glob, hint(configs, glob)))
		}
	}
	if err := api.JoinInvalid(errs...); err != nil {
		return nil, err
	}
	return &Configs{count: count, random: configs.Random(), drawn: configs.Drawn(), all: func(yield func(Config) bool) {
		i := 0
		for config := range configs.All() {
			if chosen[i] && !yield(config) {
				return
			}
			i++
		}
	}}, nil
}

// hint names the configuration that may have been meant, or the first one.
func hint(configs *Configs, glob string) string {
	const most = 1000 // finding the nearest name is dear
	names := make([]string, 0, min(configs.Len(), most))
	for name := range configs.names() {
		if names = append(names, name); len(names) == most {
			break
		}
	}
	if len(names) == 0 {
		return ""
	}
	if near := text.Nearest(glob, names); near != "" {
		return "; did you mean \"" + near + "\"?"
	}
	return "; the first one is called \"" + names[0] + "\""
}
