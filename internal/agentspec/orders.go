// Package agentspec holds the instructions for the agent in a pod. The manifests set
// them as JSON in a variable of our containers, from which the agent reads them.
package agentspec

import (
	"bytes"
	"strings"
	"time"
)

// The variables that hold the orders.
const (
	EnvFetch = "VAST_FETCH"
	EnvKeep  = "VAST_KEEP"
)

// Fetch is what the init container brings into the pod before anything of the
// user's starts.
type Fetch struct {
	Items []Item `json:"items"`
	// OwnerFile holds "<uid>:<gid>", to whom the folder Give is given with all
	// that was brought into it; empty, or no such file, leaves all with the one
	// who brought it. The user's image has written the file.
	OwnerFile string `json:"ownerFile,omitempty"`
	Give      string `json:"give,omitempty"`
}

// Item is one thing to bring. Of the sources exactly one is set.
type Item struct {
	// Pack is the key of a pack in the store: "inputs/<sha256>".
	Pack string `json:"pack,omitempty"`
	// PackFile is a pack that is mounted into the init container.
	PackFile string `json:"packFile,omitempty"`
	// URI is a copy of "s3://bucket/prefix" or "gs://bucket/prefix". One of
	// an object gives a file, one of a prefix a folder.
	URI string `json:"uri,omitempty"`
	// Git is a repository, Ref a branch, a tag or a commit of it.
	Git string `json:"git,omitempty"`
	Ref string `json:"ref,omitempty"`
	// KnownHosts are lines of the user's known_hosts file about the host of Git.
	KnownHosts []string `json:"knownHosts,omitempty"`
	// Text is the content of a file.
	Text string `json:"text,omitempty"`

	// To is where it goes, absolute; parents are made. A pack and a folder
	// go into it, a file becomes it.
	To string `json:"to"`
	// Outputs are what another task of the same workflow has saved.
	Outputs *Outputs `json:"outputs,omitempty"`

	// Only limits a pack to what is below this path in it, and takes that
	// path off.
	Only string `json:"only,omitempty"`
}

// Outputs are results of a task in the store. With Env they are variables that it has
// written, which become a shell script that exports them; otherwise files, which go into the
// folder of the Item by their paths.
type Outputs struct {
	// Task is the id of the task; empty if the task has not executed, and has no outputs. In
	// the orders of a workflow's task it is AttemptOf until the driver creates the Job.
	Task string `json:"task"`
	// Campaign: the task is a campaign, and Task its id. The files of its runs have the paths
	// <config>/<run>/<path>.
	Campaign bool `json:"campaign,omitempty"`
	// Name is the name of the task in the workflow, for messages.
	Name string `json:"name"`
	// Path limits the files to this one, or to those below it; empty for all.
	Path string `json:"path,omitempty"`
	// Overwrite lets the files replace those of other outputs.
	Overwrite bool `json:"overwrite,omitempty"`
	// Env are the names of the variables.
	Env []string `json:"env,omitempty"`
}

// OutputsFile is the file, below a task's results, with the variables that it passes to
// others: lines NAME=VALUE. MaxOutputs is its largest size in bytes.
const (
	OutputsFile = "outputs.env"
	MaxOutputs  = 64 << 10
)

// AttemptOf is the placeholder for the id of the last attempt at a task of the same run.
func AttemptOf(task string) string { return attemptBegin + task + attemptEnd }

const attemptBegin, attemptEnd = "{{attempt:", "}}"

// FillAttempts replaces the placeholders in data by the ids that id returns.
func FillAttempts(data []byte, id func(task string) string) []byte {
	var out []byte
	for {
		at := bytes.Index(data, []byte(attemptBegin))
		if at < 0 {
			return append(out, data...)
		}
		end := bytes.Index(data[at:], []byte(attemptEnd))
		name := ""
		if end > 0 {
			name = string(data[at+len(attemptBegin) : at+end])
		}
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" { // a text of the user's
			out, data = append(out, data[:at+len(attemptBegin)]...), data[at+len(attemptBegin):]
			continue
		}
		out = append(append(out, data[:at]...), id(name)...)
		data = data[at+end+len(attemptEnd):]
	}
}

// Keep is what the sidecar saves while the user's containers run and after
// they have ended, in whatever way.
type Keep struct {
	// Results are what the pod's outputs are kept as: one for a task's node
	// and for a run, several for a Job of packed runs.
	Results []Result `json:"results"`
	// LogPrefix is where the containers' logs go: <LogPrefix><container>.log
	LogPrefix string `json:"logPrefix"`
	// Ref is the key of an empty object that is written before anything else; empty for none.
	Ref string `json:"ref,omitempty"`
	// Containers are those whose end is waited for and whose logs are kept,
	// in the order of the pod. The logs of init containers are kept too.
	Containers []string `json:"containers"`
	// Main is the container whose end decides; the others follow it.
	Main string `json:"main"`
	// Outcomes is a file with one line "<Result.Name> <exit code>" for each
	// packed run that has ended; empty when there is none.
	Outcomes string `json:"outcomes,omitempty"`
	// Labels for the Lease that shows the progress.
	Labels map[string]string `json:"labels,omitempty"`
	// DeadlineSeconds of the Job, 0 for none.
	DeadlineSeconds int64 `json:"deadlineSeconds,omitempty"`
	// GraceSeconds is how long the main container may take to end when the pod
	// has to go, and the others after it, but SideTime at most. The sidecar has
	// SaveTime beyond it.
	GraceSeconds int64 `json:"graceSeconds,omitempty"`
}

// SaveTime is the time in which a pod that has to go may save what it has. Most
// was saved while it ran. More would be felt: who deletes a namespace waits for
// half the grace of its pods, however soon they end.
const SaveTime = 10 * time.Minute

// SideTime is the most that a container beside the main one may take to end after
// that, however long the main one may: it is taken from SaveTime.
const SideTime = time.Minute

// Result is one set of files with a manifest of its own.
type Result struct {
	// Name is "<config>/<run>" of a run, "" of a task's node.
	Name string `json:"name,omitempty"`
	// Prefix in the store, with a slash at its end.
	Prefix string `json:"prefix"`
	// Index is the key, without its last part, that shows the outcome in a
	// listing; see layout.IndexKey. Empty for none.
	Index string `json:"index,omitempty"`
	// Dirs are what is kept.
	Dirs []Dir `json:"dirs"`
	// Identity goes into the manifest as it is.
	Identity Identity `json:"identity"`
}

// Dir is a folder of the pod whose files are kept as <Result.Prefix><As><path>.
type Dir struct {
	Path string `json:"path"`
	// As is empty, or a relative path with a slash at its end.
	As string `json:"as,omitempty"`
	// Match are globs (doublestar) of which one must fit; none fits all.
	Match []string `json:"match,omitempty"`
	// Rest leaves out the folders of the pod's other Dirs.
	Rest bool `json:"rest,omitempty"`
	// Progress: <Path>/progress.jsonl has the progress of the workload.
	Progress bool `json:"progress,omitempty"`
}

// Identity says whose result it is.
type Identity struct {
	TaskID   string `json:"taskID"`
	TaskName string `json:"taskName,omitempty"`
	User     string `json:"user,omitempty"`
	Job      string `json:"job"`
	// Rank of the node of a task.
	Rank int `json:"rank"`
	// Of a run of a campaign.
	Campaign string `json:"campaign,omitempty"`
	Config   string `json:"config,omitempty"`
	Run      int    `json:"run,omitempty"`
}
