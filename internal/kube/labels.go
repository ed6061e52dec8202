package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Prefix of all our labels and annotations.
const Prefix = "kubevast.io/"

// Labels: what is searched for. Their values have gone through LabelValue.
const (
	LabelTaskID   = Prefix + "task-id"
	LabelTaskName = Prefix + "task-name"
	LabelUser     = Prefix + "user"
	LabelKind     = Prefix + "kind"
	LabelVolume   = Prefix + "volume"
	// LabelCampaign, LabelConfig and LabelRun are on a campaign's Jobs. A
	// Job of packed runs has only the first.
	LabelCampaign = Prefix + "campaign"
	LabelConfig   = Prefix + "config"
	LabelRun      = Prefix + "run"
	// LabelWorkflow is the id of a workflow's run, on all its objects; LabelWorkflowName
	// is the name of the workflow, and LabelStep the name of a task in it, on its Jobs.
	LabelWorkflow     = Prefix + "workflow"
	LabelWorkflowName = Prefix + "workflow-name"
	LabelStep         = Prefix + "step"
	// LabelPhase and LabelResult of a run are on the object with its state.
	LabelPhase  = Prefix + "phase"
	LabelResult = Prefix + "result"
	// LabelSchedule is the schedule that made a run, on its state and on the objects of the
	// schedule.
	LabelSchedule = Prefix + "schedule"
	// LabelGroup is the concurrency group of a run.
	LabelGroup = Prefix + "group"
	// LabelStoreClient is "true" on the pods in which one of our containers
	// uses the store: the NetworkPolicy of the store admits these alone. Tasks
	// may not set it.
	LabelStoreClient = Prefix + "store-client"
	// LabelStore is "true" on the pod of the store in the cluster. Its Service
	// and its NetworkPolicy go by it. Tasks may not set it.
	LabelStore = Prefix + "store"
	// LabelQueue is Kueue's. It must be a label: Kueue 0.15 dropped the
	// annotation, and a Job that carries only that starts unqueued.
	LabelQueue = "kueue.x-k8s.io/queue-name"
	// LabelQueuePriority names a Job's WorkloadPriorityClass.
	LabelQueuePriority = "kueue.x-k8s.io/priority-class"
)

// Values of LabelKind. A Job or pod that has this label is work, whatever the
// value: nothing that it may need is taken away under it, see package cluster.
const (
	KindTask   = "task"
	KindVolume = "volume"
	// KindRun is a Job of a campaign, KindCampaign the record of one.
	KindRun      = "run"
	KindCampaign = "campaign"
	// KindUpload is what brings the inputs of a prepared campaign into the store.
	KindUpload = "upload"
	// KindShare is a Job that sends archives to a share.
	KindShare = "share"
	// KindWorkflow is the state of a workflow's run, the ConfigMap that owns the run's
	// other objects; KindWorkflowPart is one of those with its specification or secrets.
	KindWorkflow     = "workflow"
	KindWorkflowPart = "workflow-part"
	// KindApproval is a decision of one user about a task that requires approval; KindGroup
	// is the Lease of a concurrency group.
	KindApproval = "approval"
	KindGroup    = "group"
	// KindSchedule is the CronJob of a schedule, with its Jobs. KindTemplate is the ConfigMap
	// that owns the specification and the Secrets of the runs of a schedule.
	KindSchedule = "schedule"
	KindTemplate = "schedule-template"
	// KindDriver is the Job that drives a run, and the Lease of its driver; KindCallback a Job
	// that executes the event_callback of tasks.
	KindDriver   = "driver"
	KindCallback = "callback"
	// KindProgress is a Lease that shows how far a pod's work is.
	KindProgress = "progress"
)

// Annotations: the exact originals of what the labels only approximate, and
// values without a selector.
const (
	AnnotationTaskName = Prefix + "task-name"
	AnnotationUser     = Prefix + "user"
	AnnotationVolume   = Prefix + "volume"
	// AnnotationSpecHash identifies what an object is to do: creating it
	// again with the same hash adopts it, with another one is a conflict.
	AnnotationSpecHash = Prefix + "spec-hash"
	// AnnotationCreator is a hash of whom the API server took the creator of
	// the Job for, whatever name the user goes by.
	AnnotationCreator = Prefix + "creator"
	// AnnotationSubmitting is on a Job whose helpers (Service, Secret ...)
	// are still being created. Such a Job is suspended.
	AnnotationSubmitting = Prefix + "submitting"
	AnnotationStoppedBy  = Prefix + "stopped-by"
	AnnotationStoppedAt  = Prefix + "stopped-at"
	// AnnotationKept is the prefix in the store under which a task's results
	// and logs are kept.
	AnnotationKept = Prefix + "kept"
	// AnnotationCampaign, AnnotationConfig and AnnotationRun are the exact
	// originals of the labels.
	AnnotationCampaign = Prefix + "campaign"
	AnnotationConfig   = Prefix + "config"
	AnnotationRun      = Prefix + "run"
	// AnnotationRuns are the runs that a Job of packed runs holds:
	// "<config>/<run>", with spaces between them.
	AnnotationRuns = Prefix + "runs"
	// AnnotationWorkflow and AnnotationStep are the exact names of a workflow and of a task
	// in it. AnnotationAttempt is the number of a Job's attempt, from 1.
	AnnotationWorkflow = Prefix + "workflow"
	AnnotationStep     = Prefix + "step"
	AnnotationAttempt  = Prefix + "attempt"
	// AnnotationStop, on the state of a run, is the user who stopped it. The driver obeys.
	AnnotationStop = Prefix + "stop"
	// AnnotationStopAll is the user who stopped it again: also what follows a stop ends.
	AnnotationStopAll = Prefix + "stop-all"
	// AnnotationParts, on the state of a run, is how many parts its specification has.
	// Without it the submission is not complete.
	AnnotationParts = Prefix + "parts"
	// AnnotationRerunOf, on the state of a run, is the run that it is a rerun of.
	AnnotationRerunOf = Prefix + "rerun-of"
	// AnnotationDriver, on the state of a run, is the holder of its Lease that wrote last.
	AnnotationDriver = Prefix + "driver"
	// AnnotationRecorded, on the state of a run, is when the run was added to the history.
	AnnotationRecorded = Prefix + "recorded"
	// AnnotationDelivery, on the state of a run, is which events were delivered, as JSON.
	// AnnotationRedeliver is a request to deliver events again: an id, a space and the
	// sequence number of the last one that is not delivered.
	AnnotationDelivery  = Prefix + "delivery"
	AnnotationRedeliver = Prefix + "redeliver"
	// AnnotationCallback, on a Job of KindCallback, is the sequence number of the last event
	// that it executes the script for.
	AnnotationCallback = Prefix + "callback"
	// AnnotationWaiting, on the state of a run, are the tasks that wait for approval, as JSON.
	AnnotationWaiting = Prefix + "waiting"
	// AnnotationSubmitter is the exact name at the API server of the user who submitted a run.
	AnnotationSubmitter = Prefix + "submitter"
	// AnnotationGroup and AnnotationPolicy are the exact name of a run's concurrency group
	// and what happens if another run of it has not ended.
	AnnotationGroup  = Prefix + "group"
	AnnotationPolicy = Prefix + "policy"
	// AnnotationSchedule is the exact name of the schedule that made a run, which is that of
	// its workflow.
	AnnotationSchedule = Prefix + "schedule"
	// AnnotationTemplate, on a CronJob, is the id of the template of the next run. Without it
	// the schedule is not complete. On the state of a run it is that of this one.
	AnnotationTemplate = Prefix + "template"
	// AnnotationKeepSucceeded and AnnotationKeepOthers, on a CronJob, are how many of its runs
	// that have ended are not deleted.
	AnnotationKeepSucceeded = Prefix + "keep-succeeded-runs"
	AnnotationKeepOthers    = Prefix + "keep-other-runs"
	// AnnotationReason is why a run has the phase setuperror, in short; on the record of a
	// campaign of a run, the cause why its driver stopped it.
	AnnotationReason = Prefix + "reason"
	// AnnotationSubmitted, on the state of a run, is when its submission began; the ids of
	// its campaigns contain it.
	AnnotationSubmitted = Prefix + "submitted"
	// AnnotationRunSummary is the api.WorkflowRun of a list, as JSON, on the state of a run.
	AnnotationRunSummary = Prefix + "run-summary"
	// AnnotationShare is what a Job of KindShare sends, as JSON; see package sharing.
	AnnotationShare = Prefix + "share"
	// AnnotationProgress is an api.Progress as JSON, on the pod's Lease.
	AnnotationProgress = Prefix + "progress"
	// AnnotationNodes keeps the number of nodes of a task that was stopped
	// before it started; see task.Stop.
	AnnotationNodes = Prefix + "num-nodes"
)

const (
	maxLabel = 63
	hashLen  = 10
)

// LabelValue turns any text into a valid label value, the same one each time.
// A text that is one already is returned as it is. Otherwise what is not
// allowed becomes '-', what is too long is cut, and a hash of the original is
// put behind it, so that two originals never meet in one label: "a:b" and
// "a/b" stay two users. An empty text gives an empty value.
func LabelValue(s string) string {
	if s == "" || isLabelValue(s) {
		return s
	}
	clean := strings.Map(func(r rune) rune {
		if isAlnum(r) || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, s)
	clean = strings.Trim(clean, "-_.")
	if len(clean) > maxLabel-1-hashLen {
		clean = strings.TrimRight(clean[:maxLabel-1-hashLen], "-_.")
	}
	if clean == "" {
		return shortHash(s)
	}
	return clean + "-" + shortHash(s)
}

// isLabelValue is stricter than Kubernetes in one thing: a value that ends
// like one of our hashes is hashed again, or "a:b" could meet a user who is
// really called "a-b-0123456789".
func isLabelValue(s string) bool {
	if len(s) > maxLabel || !isAlnum(rune(s[0])) || !isAlnum(rune(s[len(s)-1])) {
		return false
	}
	for _, r := range s {
		if !isAlnum(r) && r != '-' && r != '_' && r != '.' {
			return false
		}
	}
	return !endsInHash(s)
}

func endsInHash(s string) bool {
	if len(s) < hashLen || (len(s) > hashLen && s[len(s)-hashLen-1] != '-') {
		return false
	}
	return strings.Trim(s[len(s)-hashLen:], "0123456789abcdef") == ""
}

// OfUser selects what is the user's, and what names no user: whoever wrote that did
// not know who would apply it.
func OfUser(user string) string { return LabelUser + " in (" + LabelValue(user) + ",)" }

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:hashLen]
}

// Hash returns a hash of a text in 32 hexadecimal digits, to compare what two
// objects do.
func Hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}
