package spec

import (
	"cmp"
	"slices"

	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// context is the context that a candidate is for, empty for any.
func (c candidateFile) context() string {
	if c.Cloud.kubernetes {
		return c.Region.Value
	}
	return c.Infra.context
}

// forContext leaves the candidates of other clusters out when there are some
// for the one that is given, and notes what the remaining ones are for. Without
// any for the one given all are left, for whoever chooses the cluster to refuse.
func (r *parser) forContext(all []candidateFile, given string) []candidateFile {
	fits := func(c candidateFile) bool { own := c.context(); return own == "" || own == given }
	if given != "" && slices.ContainsFunc(all, fits) {
		all = slices.DeleteFunc(slices.Clone(all), func(c candidateFile) bool { return !fits(c) })
	}
	for _, c := range all {
		r.claim(cmp.Or(c.Infra.n, c.Region.Node), c.context())
	}
	return all
}

// claim notes, once, that the file is for a context.
func (r *parser) claim(n *yamlfile.Node, context string) {
	if context == "" || slices.ContainsFunc(r.claims, func(c contexts.Claim) bool { return c.Context == context }) {
		return
	}
	r.claims = append(r.claims, contexts.Claim{Context: context, File: r.File, Line: n.Line, Column: n.Column, Path: n.Path()})
}
