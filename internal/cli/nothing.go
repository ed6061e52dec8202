package cli

import "strings"

// NothingFound says that a list of kind, such as "tasks", is empty, and which
// flags would look further. A list that is narrowed otherwise (by a label, a
// state) does not name them.
func (f *Factory) NothingFound(kind, namespace string, allNamespaces, allUsers, narrowed bool) {
	where, lead, more := "", "Add", []string(nil)
	if !allUsers {
		lead = "These would be yours: add"
		more = append(more, "--all-users for everybody's")
	}
	if !allNamespaces {
		where, more = " in "+namespace+" namespace", append(more, "-A for all namespaces")
	}
	f.Notef("No %s found%s.", kind, where)
	if len(more) > 0 && !narrowed {
		f.Notef("(%s %s.)", lead, strings.Join(more, ", "))
	}
}
