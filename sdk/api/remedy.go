package api

import "errors"

// Action names what a remedy does: "<interface>.<method>" of the SDK, or a
// subcommand of kubectl after KubectlAction.
type Action string

// The actions of remedies that are methods of the SDK.
const (
	TasksSubmit Action = "Tasks.Submit"
	TasksGet    Action = "Tasks.Get"
	TasksList   Action = "Tasks.List"
	TasksLogs   Action = "Tasks.Logs"
	TasksStop   Action = "Tasks.Stop"
	TasksDelete Action = "Tasks.Delete"

	VolumesCreate Action = "Volumes.Create"
	VolumesGet    Action = "Volumes.Get"
	VolumesList   Action = "Volumes.List"
	VolumesDelete Action = "Volumes.Delete"

	QueuesList    Action = "Queues.List"
	QueuesPending Action = "Queues.Pending"
	QueuesResume  Action = "Queues.Resume"

	CampaignsRun     Action = "Campaigns.Run"
	CampaignsGet     Action = "Campaigns.Get"
	CampaignsList    Action = "Campaigns.List"
	CampaignsStop    Action = "Campaigns.Stop"
	CampaignsHold    Action = "Campaigns.Hold"
	CampaignsResume  Action = "Campaigns.Resume"
	CampaignsRerun   Action = "Campaigns.Rerun"
	CampaignsCleanup Action = "Campaigns.Cleanup"

	ResultsGet      Action = "Results.Get"
	ResultsList     Action = "Results.List"
	ResultsDownload Action = "Results.Download"
	ResultsDelete   Action = "Results.Delete"

	ClusterSetup      Action = "Cluster.Setup"
	ClusterStatusGet  Action = "Cluster.Status"
	ClusterResizeRun  Action = "Cluster.Resize"
	ClusterCleanupRun Action = "Cluster.Cleanup"

	DoctorCheckRun Action = "Doctor.Check"
	DoctorRole     Action = "Doctor.Role"

	// Login sets the user name that the client acts under.
	Login Action = "Login"
)

// KubectlAction returns the action of a subcommand of kubectl, as in
// KubectlAction("create namespace"). The options of such a remedy are kubectl's
// flags without "--".
func KubectlAction(subcommand string) Action { return Action("kubectl " + subcommand) }

// Remedy is something that a caller can do about an error, a warning or a
// diagnosis. It is data: how it is done depends on the program. The plugins
// render it as a command line.
type Remedy struct {
	// Action is what to do. Empty means the same call again, with Options.
	Action Action `json:"action,omitempty"`
	// Ref is what it is done to, such as a task's id; it may be empty.
	Ref string `json:"ref,omitempty"`
	// Namespace of Ref where it is not the client's; "*" for an action that
	// belongs to no namespace.
	Namespace string `json:"namespace,omitempty"`
	// Options are fields of the method's options to set, as "Force" or
	// "Queue=night".
	Options []string `json:"options,omitempty"`
	// Then: it follows the remedy before it, which alone does not help. Otherwise
	// remedies are alternatives.
	Then bool `json:"then,omitempty"`
	// Administrator: it needs the permissions of an administrator, so it is not done
	// with the login of the caller.
	Administrator bool `json:"administrator,omitempty"`
	// Purpose is what it achieves, as in "overwrite it"; it may be empty.
	Purpose string `json:"purpose,omitempty"`
	// Command is the command line that does it. The SDK leaves it empty; the
	// plugins set it in what they print.
	Command string `json:"command,omitempty"`
}

// Notice is a warning or a remark: no error, but worth knowing.
type Notice struct {
	Message  string   `json:"message"`
	Remedies []Remedy `json:"remedies,omitempty"`
}

func (n Notice) String() string { return n.Message }

// Remedies returns what a caller can do about err, most useful first. Those of
// the problems of an InvalidSpecError are in Problem.Remedies.
func Remedies(err error) []Remedy {
	var e interface{ remedies() []Remedy }
	if !errors.As(err, &e) {
		return nil
	}
	return e.remedies()
}

// WithRemedies returns err with remedies instead of its own. Its class and its
// text stay.
func WithRemedies(err error, remedies ...Remedy) error {
	return &remediedError{error: err, list: remedies}
}

type remediedError struct {
	error
	list []Remedy
}

func (e *remediedError) Unwrap() error      { return e.error }
func (e *remediedError) remedies() []Remedy { return e.list }
