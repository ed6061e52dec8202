package kube

import (
	"strconv"
	"strings"
)

// NewRunID returns a fresh random id of a workflow's run: a task's id that begins with a
// letter, as the name of a Service must.
func NewRunID() string { return runID(NewID()) }

// DerivedRunID returns the id of a run that belongs to these parts, as DerivedID.
func DerivedRunID(parts ...string) string { return runID(DerivedID(parts...)) }

func runID(id string) string {
	if c := id[0]; c >= '0' && c <= '9' {
		return string('a'+c-'0') + id[1:]
	}
	return id
}

// RunName is the name of the ConfigMap with the state of a run, and of its Lease; the
// names of its other objects begin with it.
func RunName(id string) string { return "vast-run-" + id }

// RunPart is the name of the ConfigMap with a part of a run's specification.
func RunPart(id string, n int) string { return RunName(id) + "-spec-" + strconv.Itoa(n) }

// RunSecret is the name of a Secret of a run.
func RunSecret(id string, n int) string { return RunName(id) + "-secret-" + strconv.Itoa(n) }

// RunDriver is the name of the Job that drives a run.
func RunDriver(id string) string { return RunName(id) + "-driver" }

// RunCallback is the name of the Job that executes the event_callback for the events from a
// sequence number on.
func RunCallback(id string, sequence int64) string {
	return RunName(id) + "-callback-" + strconv.FormatInt(sequence, 10)
}

// ApprovalName is the name of the ConfigMap with a decision: one for each user, decision and
// task of a run.
func ApprovalName(runUID, task, user, decision string) string {
	return "vast-approval-" + Hash(strings.Join([]string{runUID, task, user, decision}, "\x00"))
}

// GroupName is the name of the Lease of a concurrency group.
func GroupName(group string) string { return "vast-group-" + Hash(group) }

// maxAttempt is the length of the end of the name of attempt 9999.
const maxAttempt = 6

// StepName returns the name of the Job of an attempt at a task of a run, a DNS label that
// begins with a letter: <run>-<task>-a<attempt>. The middle of a task's name that is too
// long is replaced by a hash.
func StepName(run, task string, attempt int) string {
	return StepBase(run, task) + "-" + "a" + strconv.Itoa(attempt)
}

// StepBase returns the beginning of the names of all attempts at a task of a run:
// <run>-<task>.
func StepBase(run, task string) string { return DNSLabel(run+"-"+task, "task", maxName-maxAttempt) }

// StepID returns the id of the task of an attempt.
func StepID(run, task string, attempt int) string {
	return DerivedID(run, task, strconv.Itoa(attempt))
}

// maxSchedule is the length of the name of a CronJob, to which Kubernetes appends the time.
const maxSchedule = 52

// ScheduleName returns the name of the CronJob of the schedule of a workflow. Two workflows
// with different names have different CronJobs.
func ScheduleName(workflow string) string {
	const prefix = "vast-schedule-"
	label := DNSLabel(workflow, "workflow", maxSchedule-len(prefix))
	if label == workflow {
		return prefix + label
	}
	hash := shortHash(workflow)[:hashLen]
	return prefix + DNSLabel(workflow, "workflow", maxSchedule-len(prefix)-1-hashLen) + "-" + hash
}

// ScheduledRunID returns the id of the run that a Job of a schedule makes.
func ScheduledRunID(jobUID string) string { return DerivedRunID("schedule", jobUID) }
