package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DryRun is the value of --dry-run. Its methods decide what a method that
// changes something does: Check refuses any other value, and no value but
// DryRunNone changes anything.
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

// Keeps reports whether changes persist. What has no dry run, such as a store,
// is changed only then.
func (d DryRun) Keeps() bool { return d == DryRunNone }

// Param is the dryRun parameter of the requests that change something. It lets
// the API server keep something only where nothing else was asked for.
func (d DryRun) Param() []string {
	if d.Keeps() {
		return nil
	}
	return []string{metav1.DryRunAll}
}
