package api

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CampaignState is the state of a campaign.
type CampaignState string

const (
	CampaignSubmitting CampaignState = "Submitting" // its Jobs are being made, or were left half-way
	CampaignQueued     CampaignState = "Queued"     // all runs that have not ended wait in a queue
	CampaignRunning    CampaignState = "Running"    // runs are pending, running, or saving what they left
	CampaignHeld       CampaignState = "Held"
	CampaignSucceeded  CampaignState = "Succeeded" // every run succeeded or was rejected
	CampaignFailed     CampaignState = "Failed"    // it is over, and some run failed
	CampaignStopped    CampaignState = "Stopped"
	// CampaignUnknown: Jobs are gone, and the store with their outcomes cannot
	// be read.
	CampaignUnknown CampaignState = "Unknown"
)

// CampaignStates lists all states, as far as they follow on each other in this order.
var CampaignStates = []CampaignState{CampaignSubmitting, CampaignQueued, CampaignHeld, CampaignRunning, CampaignSucceeded, CampaignFailed, CampaignStopped, CampaignUnknown}

// Ended reports whether a campaign in this state will never change again.
func (s CampaignState) Ended() bool {
	return s == CampaignSucceeded || s == CampaignFailed || s == CampaignStopped
}

// Campaign is the current state of one campaign. ObjectMeta is that of its
// record.
type Campaign struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// ID is <name>-YYYY-MM-DD-HHMMSS.
	ID   string `json:"id"`
	User string `json:"user"`
	// Context is the kubeconfig's context it was submitted through.
	Context string        `json:"context,omitempty"`
	State   CampaignState `json:"state"`
	// RerunOf is the campaign whose failed runs this one repeats.
	RerunOf string `json:"rerunOf,omitempty"`
	Image   string `json:"image,omitempty"`
	// ImageID is the digest that the runs had, once one has ended.
	ImageID string `json:"imageID,omitempty"`
	Queue   string `json:"queue,omitempty"`

	Configs int       `json:"configs"`
	Runs    RunCounts `json:"runs"`
	// RunsPerMinute is the recent pace; ETA is an estimate of the end by it.
	// Both are absent when there is nothing to base them on.
	RunsPerMinute float64      `json:"runsPerMinute,omitempty"`
	ETA           *metav1.Time `json:"eta,omitempty"`
	// Failures by reason, the most frequent first.
	Failures []FailureGroup `json:"failures,omitempty"`
	// Waiting are the runs that wait, by reason, as far as one is known.
	Waiting []WaitingGroup `json:"waiting,omitempty"`
	// Active is how far the runs are that go on; see CampaignListOptions.
	Active []RunProgress `json:"active,omitempty"`
	// EndTime is when the last run ended.
	EndTime *metav1.Time `json:"endTime,omitempty"`
	// Unchanged is set by Run only: all was submitted already, and nothing was
	// made.
	Unchanged bool `json:"-"`
	// Unreachable is why nothing could be read of this context.
	Unreachable string `json:"unreachable,omitempty"`
}

// RunCounts counts the runs of a campaign. Total is that of the record; the
// others add up to it.
type RunCounts struct {
	Total     int `json:"total"`
	Succeeded int `json:"succeeded"`
	Rejected  int `json:"rejected,omitempty"`
	Failed    int `json:"failed"`
	Stopped   int `json:"stopped,omitempty"`
	// Running runs have a running process; Saving ones have ended, and their
	// results are being saved.
	Running int `json:"running"`
	Saving  int `json:"saving,omitempty"`
	Pending int `json:"pending,omitempty"`
	Queued  int `json:"queued"`
	// Missing runs have no Job yet, or lost it with an unknown outcome.
	Missing int `json:"missing,omitempty"`
}

// Done counts the runs that have ended, in whatever way.
func (c RunCounts) Done() int { return c.Succeeded + c.Rejected + c.Failed + c.Stopped }

// FailureGroup is the runs that failed for one reason.
type FailureGroup struct {
	Cause Cause `json:"cause"`
	Count int   `json:"count"`
	// Reason and Example are those of one run, Example as "<config>/<run>".
	// TaskID is a ref for Task.Logs.
	Reason  string `json:"reason"`
	Example string `json:"example"`
	TaskID  string `json:"taskID,omitempty"`
}

// WaitingGroup is the runs that wait for one reason. Cause is empty for those
// that wait in a queue, and for those whose pods are about to start.
type WaitingGroup struct {
	State State `json:"state"`
	Cause Cause `json:"cause,omitempty"`
	Count int   `json:"count"`
	// Reason and Example are those of one run: "<config>/<run>"; of a queue,
	// of the first in line.
	Reason  string `json:"reason"`
	Example string `json:"example"`
}

// CampaignList is a list of campaigns.
type CampaignList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []Campaign `json:"items"`
}

// Random names what draws the random values of a campaign's configurations.
type Random string

const (
	// RandomRoboVAST is the default: with the same seed the values are
	// RoboVAST's, to the last bit.
	RandomRoboVAST Random = "robovast"
	// RandomLegacy draws what this program drew before it could do that.
	RandomLegacy Random = "legacy"
)

// Known reports whether r is one of these.
func (r Random) Known() bool { return r == RandomRoboVAST || r == RandomLegacy }

// CampaignOptions set how a campaign is run. The zero value is valid.
type CampaignOptions struct {
	// ID resumes the campaign of that id, or gives a new one its id.
	ID string
	// Name is the first part of a new id; empty for metadata.name.
	Name string
	// Configs are globs on the configurations' names; empty means all.
	Configs []string
	// Runs overrides execution.runs; 0 leaves it.
	Runs int
	// As for tasks.
	Queue, Priority, Profile string
	Force                    bool
	// TTL is how long finished Jobs stay in the cluster (0: DefaultTTL).
	TTL time.Duration
	// Secrets are values for the variables that a campaign which is resumed or
	// run again has as secrets. A new one has them from its file's reader.
	Secrets map[string]string
	// AgentImage overrides the image of our own containers, as in SubmitOptions.
	AgentImage string
	// Version is that of the program, for the record.
	Version      string
	DryRun       DryRun
	FieldManager string
	// Notify receives the progress of the submission.
	Notify func(CampaignProgress)
}

// CampaignProgress is the progress of a campaign's submission.
type CampaignProgress struct {
	// ID is set in the first call, before anything is created.
	ID string
	// Phase is "inputs", "record" or "jobs".
	Phase       string
	Done, Total int
}

// CampaignCleanup lists what a cleanup removed.
type CampaignCleanup struct {
	metav1.TypeMeta `json:",inline"`
	Campaigns       []string `json:"campaigns"`
	Jobs            int      `json:"jobs"`
	Objects         int      `json:"objects"`
	Bytes           int64    `json:"bytes"`
}

// CampaignCleanupOptions set what is removed of campaigns. Without Data these
// are the objects in the cluster, except their records.
type CampaignCleanupOptions struct {
	// Campaigns are refs as sdk.Campaign has them; empty means all of the
	// caller's own that have ended.
	Campaigns []string
	// Data removes results, logs and records too.
	Data bool
	// Force also removes a campaign whose runs go on: it is stopped.
	Force  bool
	DryRun DryRun
}

// CampaignRerunOptions set how the failed runs of a campaign are run again. ID,
// Configs
// and Runs follow from the old campaign: Rerun returns an InvalidSpecError if they are
// set.
type CampaignRerunOptions struct {
	CampaignOptions
	// Stopped also selects runs that were stopped, and those whose outcome is
	// unknown.
	Stopped bool
}

// CampaignStopOptions are the options of Campaign.Stop.
type CampaignStopOptions struct {
	DryRun DryRun
	// FieldManager is recorded by the API server as the author of the change.
	FieldManager string
}

// CampaignHoldOptions are the options of Campaign.Hold and Campaign.Resume.
type CampaignHoldOptions struct {
	DryRun DryRun
	// FieldManager is recorded by the API server as the author of the change.
	FieldManager string
}
