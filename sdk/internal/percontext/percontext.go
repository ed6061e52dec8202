// Package percontext is the rule for values per cluster: which lists in a file's
// resources are lists of {context: value}, and what is wrong with one. Package
// contexts documents it.
package percontext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// MayDiffer reports whether a field of resources may have a value per cluster.
// All may but those that hold a list of mappings anyway. The entries of any_of
// and ordered are resources by themselves, and their fields may differ.
func MayDiffer(field string) bool { return !HoldsCandidates(field) && field != "volumes" }

// HoldsCandidates reports the fields of resources whose items are resources
// themselves.
func HoldsCandidates(field string) bool { return field == "any_of" || field == "ordered" }

// List is what the rule looks at in a list: for each item the keys of the
// mapping that it is, nil when it is none. A key that is null is "".
type List [][]string

// PerCluster reports a list of values per cluster. It may still have faults.
func (l List) PerCluster() bool {
	for _, keys := range l {
		if len(keys) != 1 {
			return false
		}
	}
	return len(l) > 0
}

// Fault is something wrong in a list of values per cluster.
type Fault struct {
	// Item is the index of the item that is wrong.
	Item    int
	Message string
}

// Faults returns what is wrong in a list of which an item is a mapping. A list
// of other values is none of the rule's business and has no faults.
func (l List) Faults() []Fault {
	if !slices.ContainsFunc(l, func(keys []string) bool { return keys != nil }) {
		return nil
	}
	var out []Fault
	first := map[string]int{}
	for i, keys := range l {
		add := func(format string, args ...any) { out = append(out, Fault{i, fmt.Sprintf(format, args...)}) }
		switch {
		case keys == nil:
			add("is not a context with its value, as other items of this list are; write all of them as {context: value}")
		case len(keys) == 0:
			add("is empty; write a context with its value, {context: value}")
		case len(keys) > 1:
			add("has %d keys; give each context an item of its own: %s", len(keys), itemsOf(keys))
		case keys[0] == "":
			add("names no context; write {context: value}")
		default:
			if at, twice := first[keys[0]]; twice {
				add("context %s is already in item %d of this list; give it one value", Quote(keys[0]), at+1)
			} else {
				first[keys[0]] = i
			}
		}
	}
	return out
}

func itemsOf(keys []string) string {
	const most = 3
	parts := make([]string, 0, most+1)
	for _, key := range keys[:min(len(keys), most)] {
		parts = append(parts, "- "+Quote(key)+": ...")
	}
	return strings.Join(parts, ", ")
}

// Contexts returns the names in the list's order.
func (l List) Contexts() []string {
	var out []string
	for _, keys := range l {
		if len(keys) == 1 && keys[0] != "" && !slices.Contains(out, keys[0]) {
			out = append(out, keys[0])
		}
	}
	return out
}

// Find returns the index of the item for a context, -1 when there is none.
func (l List) Find(context string) int {
	return slices.IndexFunc(l, func(keys []string) bool { return len(keys) == 1 && keys[0] == context })
}

// Nested is the problem of a value that is a list of values per cluster itself.
const Nested = "is a list of values per cluster again; write the value itself"

// AskFor returns the problem of values per cluster when no context is given. names
// are the contexts that there are values for. ChooseContext is its remedy.
func AskFor(names []string) string {
	return "the value depends on the cluster: there are values for the contexts " + Names(names)
}

// ChooseContext is what to do about a file with values for several contexts.
func ChooseContext() api.Remedy {
	return api.Remedy{Options: []string{"Context"}, Purpose: "choose one"}
}

// NoValue returns the problem of a list that lacks the context that is given.
func NoValue(context string, names []string) string {
	return fmt.Sprintf("there is no value for context %s, only for %s; add one, or write a plain value for all clusters",
		Quote(context), Names(names))
}

// Names lists contexts for a message.
func Names(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = Quote(name)
	}
	return strings.Join(quoted, ", ")
}

// Quote returns the name of a context for a message.
func Quote(name string) string {
	const most = 200 // Google's and Amazon's long ones have half of that
	return strconv.Quote(text.Short(name, most))
}
