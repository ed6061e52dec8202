package variation

import (
	"path"
	"slices"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Select returns the configurations whose name fits one of the globs ("*", "?",
// "[a-c]"), in their order; all of them when there is no glob. A glob that is
// malformed, or that fits no name, is an *api.InvalidSpec: most likely it is
// mistyped.
func Select(configs []Config, globs []string) ([]Config, error) {
	if len(globs) == 0 {
		return configs, nil
	}
	chosen := make([]bool, len(configs))
	var errs []error
	for _, glob := range globs {
		if _, err := path.Match(glob, ""); err != nil {
			errs = append(errs, api.Invalid("--config", "%q is not a pattern; \"*\" stands for any text, \"?\" for one character, \"[a-c]\" for one of these", glob))
			continue
		}
		fits := 0
		for i := range configs {
			if ok, _ := path.Match(glob, configs[i].Name); ok {
				chosen[i] = true
				fits++
			}
		}
		if fits == 0 {
			errs = append(errs, api.Invalid("--config", "no configuration fits %q%s", glob, hint(configs, glob)))
		}
	}
	if err := api.JoinInvalid(errs...); err != nil {
		return nil, err
	}
	var out []Config
	for i := range configs {
		if chosen[i] {
			out = append(out, configs[i])
		}
	}
	return slices.Clip(out), nil
}

// hint names the configuration that may have been meant, or the first one.
func hint(configs []Config, glob string) string {
	if len(configs) == 0 {
		return ""
	}
	const most = 1000 // finding the nearest name is dear
	names := make([]string, 0, min(len(configs), most))
	for _, c := range configs[:min(len(configs), most)] {
		names = append(names, c.Name)
	}
	if near := spec.Nearest(glob, names); near != "" {
		return "; did you mean \"" + near + "\"?"
	}
	return "; the first one is called \"" + names[0] + "\""
}
