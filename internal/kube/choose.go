package kube

import (
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// Candidate is something that a name or an id may refer to.
type Candidate struct {
	// ID is unique. Its first Named bytes are the name that a user gave it, as
	// in the id of a campaign.
	ID    string
	Named int
	// Names are its names beside its id. Others may have them, too.
	Names []string
	// Display is its form in messages; empty for its ID.
	Display string
}

// Choose returns which of several things a word means, -1 for none; kinds is what
// they are, in the plural. One whose id or name it is goes before all whose id or
// name only begins so. Several are InvalidSpecError with all of them. So is, for who is
// going to change it, one of which it only begins the name: that may be the name
// of something else that is gone, or not there yet.
func Choose(word, kinds string, changes bool, all []Candidate) (int, error) {
	var exact, begins, byName []int
	for i, c := range all {
		switch {
		case c.ID == word || slices.Contains(c.Names, word):
			exact = append(exact, i)
		case strings.HasPrefix(c.ID, word) && len(word) > c.Named:
			begins = append(begins, i)
		case strings.HasPrefix(c.ID, word), slices.ContainsFunc(c.Names, func(name string) bool { return strings.HasPrefix(name, word) }):
			begins, byName = append(begins, i), append(byName, i)
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(exact) > 1:
		return -1, api.Invalid("", "%q may be any of %d %s: %s; give the id of one", word, len(exact), kinds, named(all, exact))
	case len(begins) > 1:
		return -1, api.Invalid("", "%q is the beginning of %d %s: %s; write more of it", word, len(begins), kinds, named(all, begins))
	case len(byName) == 1 && changes:
		return -1, api.Invalid("", "%q is only the beginning of the name of %s; give its id or its whole name", word, named(all, byName))
	case len(begins) == 1:
		return begins[0], nil
	}
	return -1, nil
}

// maxNamed is how many candidates an error names.
const maxNamed = 10

func named(all []Candidate, chosen []int) string {
	var names []string
	for _, i := range chosen {
		name := all[i].Display
		if name == "" {
			name = all[i].ID
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return text.First(names, maxNamed)
}
