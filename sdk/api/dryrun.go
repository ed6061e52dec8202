package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DryRun is what --dry-run says. Its methods are all that decides what a method
// that changes something does by it: a value that is none of these is refused by
// Check, and changes nothing where nobody has asked Check.
type DryRun string

const (
	DryRunNone   DryRun = ""
	DryRunClient DryRun = "client" // what can be read is read, and nothing that changes something is sent
	DryRunServer DryRun = "server" // the API server checks it and keeps nothing
)

// Check returns InvalidSpecError for a value that is not known.
func (d DryRun) Check() error {
	switch d {
	case DryRunNone, DryRunClient, DryRunServer:
		return nil
	}
	return Invalid("dryRun", `%q is not known: it is %q, %q, or empty for none`, string(d), DryRunClient, DryRunServer)
}

// Sends reports whether requests that change something are sent, with Param.
func (d DryRun) Sends() bool { return d == DryRunNone || d == DryRunServer }

// Keeps reports whether what is done stays. What knows no dry run, such as a
// store, is changed only then.
func (d DryRun) Keeps() bool { return d == DryRunNone }

// Param is the dryRun parameter of the requests that change something. It lets
// the API server keep something only where nothing else was asked for.
func (d DryRun) Param() []string {
	if d.Keeps() {
		return nil
	}
	return []string{metav1.DryRunAll}
}
