package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CheckOutcome is the result of a check.
type CheckOutcome string

const (
	CheckOK CheckOutcome = "OK"
	// CheckWarning: something is missing that only some commands need.
	CheckWarning CheckOutcome = "Warning"
	// CheckFailed: something is missing without which no task runs.
	CheckFailed CheckOutcome = "Failed"
	// CheckSkipped: it could not be found out, or there is nothing to check.
	CheckSkipped CheckOutcome = "Skipped"
)

// Check is the result of one check.
type Check struct {
	// Name is short and stable: "api", "rights: tasks".
	Name    string       `json:"name"`
	Outcome CheckOutcome `json:"outcome"`
	// Seen is what was found, in words.
	Seen string `json:"seen"`
	// Fix is what it affects and what to do about it, in words; empty if nothing has
	// to be done.
	Fix string `json:"fix,omitempty"`
	// Remedies are what to do about it, as data.
	Remedies []Remedy `json:"remedies,omitempty"`
}

// DoctorReport is what the doctor found. ObjectMeta.Namespace is the namespace
// that was looked at.
type DoctorReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Context string `json:"context,omitempty"`
	Server  string `json:"server"`
	// Healthy: no check has failed.
	Healthy bool    `json:"healthy"`
	Checks  []Check `json:"checks"`
}

// DoctorOptions set what is checked.
type DoctorOptions struct {
	// NoProbe leaves out the checks that create something (a pod of the
	// agent's image, an object in the store).
	NoProbe bool
	// AgentImage is the image of the probe; empty for the one of this version.
	AgentImage string
	// Notify, if set, receives each check as soon as it is done, in the order
	// of the report.
	Notify func(Check)
}

// The kinds of roles that Doctor.Role returns.
const (
	RoleUser   = "user"
	RoleReader = "reader"
)
