package api

// Cause names why a task failed or does not get on. The set is closed, so
// that a program can decide on it; Message is for people.
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
	CauseVolumePending   Cause = "VolumePending" // it is being made
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

// Diagnosis says in words why a task is not well, and what to do.
type Diagnosis struct {
	Cause Cause `json:"cause"`
	// Message is one sentence without a full stop, made of what the cluster
	// reports: "node 1 out of memory (limit 512Mi)".
	Message string `json:"message"`
	// Hint says what the user can do about it. It may be empty.
	Hint string `json:"hint,omitempty"`
	// Rank is the node of the task it is about; nil for the whole task.
	Rank *int `json:"rank,omitempty"`
	// ExitCode is the exit code of the user's process, if it had one.
	ExitCode *int32 `json:"exitCode,omitempty"`
}
