package api

// Cause names why a task failed or does not progress. The set is closed, so that a
// program can decide by it; Message is for people.
type Cause string

const (
	CauseOutOfMemory     Cause = "OutOfMemory"
	CauseExit            Cause = "Exit"
	CauseSignal          Cause = "Signal"
	CauseSetupFailed     Cause = "SetupFailed"
	CauseNodesMissing    Cause = "NodesMissing"
	CauseInputs          Cause = "Inputs"
	CauseImageNotFound   Cause = "ImageNotFound"
	CauseImagePull       Cause = "ImagePull"
	CauseInvalidImage    Cause = "InvalidImage"
	CauseSecretMissing   Cause = "SecretMissing"
	CauseVolumeMissing   Cause = "VolumeMissing"
	CauseVolumePending   Cause = "VolumePending" // it is being created
	CauseContainerConfig Cause = "ContainerConfig"
	CauseUnschedulable   Cause = "Unschedulable"
	CauseSchedulingGated Cause = "SchedulingGated"
	CauseQuota           Cause = "Quota"
	CauseCreateFailed    Cause = "CreateFailed"
	CauseEvicted         Cause = "Evicted"
	CauseNodeLost        Cause = "NodeLost"
	CauseDeadline        Cause = "Deadline"
	CauseStopped         Cause = "Stopped"
	CauseDeleted         Cause = "Deleted"
	CauseUnknown         Cause = "Unknown"
)

// Diagnosis explains why a task failed or does not progress, and how to fix it.
type Diagnosis struct {
	Cause Cause `json:"cause"`
	// Message is one sentence without a full stop, made of what the cluster
	// reports: "node 1 out of memory (limit 512Mi)".
	Message string `json:"message"`
	// Hint is how to fix it. It may be empty.
	Hint string `json:"hint,omitempty"`
	// Remedies are actions that fix it, or that show more.
	Remedies []Remedy `json:"remedies,omitempty"`
	// Rank is that of the task's node it is about; nil for the whole task.
	Rank *int `json:"rank,omitempty"`
	// ExitCode is the exit code of the user's process, if it had one.
	ExitCode *int32 `json:"exitCode,omitempty"`
}
