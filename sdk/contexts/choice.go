package contexts

import (
	"fmt"
	"slices"

	"github.com/kubevast/vast/sdk/api"
)

// Claim says that a file is for a context (infra: k8s/<context>), or with an
// empty Context that it is for any.
type Claim struct {
	Context string
	// File as the user named it; Line, Column and Path are where it says so.
	File         string
	Line, Column int
	Path         string
}

// Choice is what else decides which context is used.
type Choice struct {
	// Given is --context, empty when it was not given.
	Given string
	// Active is the context that is used when nothing is said.
	Active string
	// Elsewhere is the option that names a cluster without its context, such
	// as --server; empty when none was given.
	Elsewhere string
	// Known are the contexts that there are. When it is nil, as for what asks
	// no cluster, any name will do.
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
	fail := func(claim Claim, format string, args ...any) {
		problems = append(problems, api.Problem{File: claim.File, Line: claim.Line, Column: claim.Column,
			Path: claim.Path, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case c.Given != "":
		for _, claim := range named {
			if claim.Context != c.Given {
				fail(claim, "this is for context %s, but --context names %s; leave out one of them", quote(claim.Context), quote(c.Given))
			}
		}
	case c.Elsewhere != "" && len(named) > 0:
		fail(named[0], "this is for context %s, but %s names a cluster; leave out one of them", quote(named[0].Context), c.Elsewhere)
	case len(names) == 1:
		if c.Known != nil && !slices.Contains(c.Known, names[0]) {
			fail(named[0], "%s", c.unknown(names[0]))
		}
		for _, claim := range claims {
			if claim.Context == "" && names[0] != c.Active {
				fail(claim, "this names no context, but %s is for %s; give them a call each, or add --context", named[0].File, quote(names[0]))
			}
		}
	case len(names) > 1:
		several := slices.ContainsFunc(named, func(claim Claim) bool { return claim.File != named[0].File })
		mend := "choose one of them with --context"
		if several {
			mend = "give the files of each context a call of their own"
		}
		fail(named[0], "one call goes to one cluster, but there are the contexts %s; %s", Names(names), mend)
	}
	if len(problems) > 0 {
		return "", &api.InvalidSpecError{Problems: problems}
	}
	if c.Given == "" && len(names) == 1 {
		return names[0], nil
	}
	return c.Given, nil
}

func (c Choice) unknown(name string) string {
	if len(c.Known) == 0 {
		return fmt.Sprintf("this is for context %s, but there is no kubeconfig with contexts; name one with --kubeconfig", quote(name))
	}
	return fmt.Sprintf("the kubeconfig has no context %s; it has %s", quote(name), Names(c.Known))
}
