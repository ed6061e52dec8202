package variation

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// maxNames is the largest number of problems with names that are reported.
const maxNames = 20

// Check returns a problem for each unknown type, where it is first used, and
// for each seed that a distribution cannot use. It is a value for
// spec.Inputs.Check, so that these problems are reported together with all
// others of a file.
func (r *Registry) Check(c *spec.Campaign) []api.Problem {
	var problems []api.Problem
	var missing []spec.Variation
	more := map[string]int{}
	var look func([]spec.Variation)
	look = func(all []spec.Variation) {
		for _, v := range all {
			look(v.Branches)
			if p, wrong := r.checkSeed(c, &v); wrong {
				problems = append(problems, p)
			}
			if _, known := r.types[v.Type]; known {
				continue
			}
			if more[v.Type]++; more[v.Type] == 1 {
				missing = append(missing, v)
			}
		}
	}
	for _, config := range c.Configurations {
		look(config.Variations)
	}
	for _, v := range missing {
		problems = append(problems, api.Problem{File: c.Path, Line: v.Line, Column: v.Column, Path: v.Path})
		r.unknown(&problems[len(problems)-1], v.Type, more[v.Type]-1)
	}
	return problems
}

// checkSeed reports a normal distribution that cannot be drawn as RoboVAST does it.
func (r *Registry) checkSeed(c *spec.Campaign, v *spec.Variation) (api.Problem, bool) {
	if v.Type != spec.VariationGaussian || r.random == api.RandomLegacy {
		return api.Problem{}, false
	}
	s := &settings{values: v.Settings}
	s.numpySeed()
	if len(s.problems) == 0 {
		return api.Problem{}, false
	}
	p := s.problems[0]
	p.File, p.Line, p.Column, p.Path = c.Path, v.Line, v.Column, v.Path+"."+p.Path
	return p, true
}

// pythonClass is how a file names a class of its own to RoboVAST.
var pythonClass = regexp.MustCompile(`^[^:'=]+\.py:[A-Za-z_][A-Za-z0-9_]*$`)

// unknown sets the message and the remedies of the problem of an unknown type.
// more is the number of its other uses.
func (r *Registry) unknown(p *api.Problem, typ string, more int) {
	if near := text.Nearest(typ, r.Types()); near != "" {
		p.Message = fmt.Sprintf("unknown variation type %q; did you mean %q?", typ, near)
		return
	}
	p.Remedies = []api.Remedy{{Options: []string{"VariationPlugins=" + typ + "=EXECUTABLE"}, Purpose: "add a type that a program of yours generates"}}
	if pythonClass.MatchString(typ) {
		p.Message = fmt.Sprintf("%q is a Python class, which RoboVAST loads; here a variation type is a program that reads and prints JSON", typ)
		return
	}
	again := ""
	if more > 0 {
		again = fmt.Sprintf(" (in %d more places)", more)
	}
	p.Message = fmt.Sprintf("unknown variation type %q%s; known are %s", typ, again, strings.Join(r.Types(), ", "))
}

// checkNames reports names that two configurations have once they are
// expanded: "a" with a variation gives "a-1", which another may be called.
func (e *expansion) checkNames(c *spec.Campaign, configs *Configs) {
	count := configs.twice()
	if len(count) == 0 {
		return
	}
	for name := range configs.names() {
		if len(e.problems) == maxNames {
			return
		}
		if count[name] == 0 {
			continue
		}
		count[name] = 0 // once is enough
		// The configuration that is called so is the one to rename, and
		// the last of those whose name the child begins with.
		var at spec.Configuration
		for _, candidate := range c.Configurations {
			if candidate.Name == name || strings.HasPrefix(name, candidate.Name+"-") {
				at = candidate
			}
		}
		e.problems = append(e.problems, api.Problem{File: e.file, Line: at.Line, Column: at.Column,
			Message: fmt.Sprintf("two configurations are called %q once the variations are applied; rename %q", name, at.Name)})
	}
}
