package contexts

import (
	"fmt"
	"slices"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/percontext"
)

// Claim says that a file is for a context (infra: k8s/<context>), or with an
// empty Context that it is for any.
type Claim struct {
	Context string
	// File is the file as the user named it; Line, Column and Path are the
	// position in it.
	File         string
	Line, Column int
	Path         string
}

// Choice is what else decides which context is used.
type Choice struct {
	// Given is the context that the caller chose; empty for none.
	Given string
	// Active is the context that is used by default.
	Active string
	// Elsewhere is the caller's name of the option that names a cluster without a
	// context, as that of the API server's address; empty when none was given.
	Elsewhere string
	// Known are the existing contexts. When it is nil, as for methods without a
	// cluster, any name is valid.
	Known []string
}

// For returns the context to use for all files: the one given, else the one
// that they claim. Empty means the active one. What one call cannot go to, since
// the claims differ from each other or from what is given, is an
// *api.InvalidSpecError with all problems; so is a claim that is not known.
func (c Choice) For(claims []Claim) (string, error) {
	var named []Claim
	var names []string
	for _, claim := range claims {
		if claim.Context != "" {
			named = append(named, claim)
			names = union(names, []string{claim.Context})
		}
	}
	var problems []api.Problem
	fail := func(claim Claim, remedies []api.Remedy, format string, args ...any) {
		problems = append(problems, api.Problem{File: claim.File, Line: claim.Line, Column: claim.Column,
			Path: claim.Path, Message: fmt.Sprintf(format, args...), Remedies: remedies})
	}
	choose := func(purpose string) []api.Remedy {
		return []api.Remedy{{Options: []string{"Context"}, Purpose: purpose}}
	}
	switch {
	case c.Given != "":
		for _, claim := range named {
			if claim.Context != c.Given {
				fail(claim, nil, "this is for context %s, but context %s is given; omit one of them", percontext.Quote(claim.Context), percontext.Quote(c.Given))
			}
		}
	case c.Elsewhere != "" && len(named) > 0:
		fail(named[0], nil, "this is for context %s, but %s names a cluster; omit one of them", percontext.Quote(named[0].Context), c.Elsewhere)
	case len(names) == 1:
		if c.Known != nil && !slices.Contains(c.Known, names[0]) {
			message, remedies := c.unknown(names[0])
			fail(named[0], remedies, "%s", message)
		}
		for _, claim := range claims {
			if claim.Context == "" && names[0] != c.Active {
				fail(claim, choose("choose one for all files"), "this names no context, but %s is for %s; submit them separately", named[0].File, percontext.Quote(names[0]))
			}
		}
	case len(names) > 1:
		several := slices.ContainsFunc(named, func(claim Claim) bool { return claim.File != named[0].File })
		if several {
			fail(named[0], nil, "one call goes to one cluster, but there are the contexts %s; submit the files of each context separately", percontext.Names(names))
		} else {
			fail(named[0], choose("choose one of them"), "one call goes to one cluster, but there are the contexts %s", percontext.Names(names))
		}
	}
	if len(problems) > 0 {
		return "", &api.InvalidSpecError{Problems: problems}
	}
	if c.Given == "" && len(names) == 1 {
		return names[0], nil
	}
	return c.Given, nil
}

// unknown returns the problem of a context that is not known.
func (c Choice) unknown(name string) (message string, remedies []api.Remedy) {
	if len(c.Known) == 0 {
		return fmt.Sprintf("this is for context %s, but there is no kubeconfig with contexts", percontext.Quote(name)),
			[]api.Remedy{{Options: []string{"Kubeconfig"}, Purpose: "name one"}}
	}
	return fmt.Sprintf("the kubeconfig has no context %s; it has %s", percontext.Quote(name), percontext.Names(c.Known)), nil
}
