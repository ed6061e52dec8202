package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Incomplete is the state of a result whose task or run does not run and whose
// manifest is not there: not all of it was saved.
const Incomplete State = "Incomplete"

// Result is what is kept of one node of a task or of one run of a campaign.
type Result struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"` // Name is TaskID/Rank or Campaign/Config/Run

	TaskID   string `json:"taskID,omitempty"`
	TaskName string `json:"taskName,omitempty"`
	User     string `json:"user,omitempty"`
	Rank     int    `json:"rank"`
	Campaign string `json:"campaign,omitempty"`
	Config   string `json:"config,omitempty"`
	Run      int    `json:"run,omitempty"`

	// Complete: the manifest is there, so nothing more will come. Without it
	// the files are those that were saved so far.
	Complete bool `json:"complete"`
	// State of a whole campaign is its CampaignState.
	State    State  `json:"state,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Cause    Cause  `json:"cause,omitempty"`
	ExitCode *int32 `json:"exitCode,omitempty"`

	StartTime *metav1.Time `json:"startTime,omitempty"`
	EndTime   *metav1.Time `json:"endTime,omitempty"`
	Progress  *Progress    `json:"progress,omitempty"`

	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	// Missing counts what could not be kept.
	Missing int `json:"missing,omitempty"`
	// Entries are filled in by Show only.
	Entries []ResultFile `json:"entries,omitempty"`
}

// ResultFile is one file of a result.
type ResultFile struct {
	Path string `json:"path"`
	// PathBytes is the path where that is not UTF-8, which JSON cannot hold.
	PathBytes []byte `json:"pathBytes,omitempty"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256,omitempty"`
	// Missing says why it could not be kept.
	Missing string `json:"missing,omitempty"`
}

// ResultList is a list of results.
type ResultList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []Result `json:"items"`
}

// ResultOptions choose results.
type ResultOptions struct {
	// Of is a ref as sdk.Result has them. Empty means all of the caller's.
	Of string
	// AllUsers lists everybody's.
	AllUsers bool
	// AllNamespaces lists those of all namespaces that were set up. It goes with
	// List, and without Of.
	AllNamespaces bool
	// Configs are globs on configurations, Runs are numbers of runs; empty
	// means all. Failed keeps those that did not succeed.
	Configs []string
	Runs    []int
	Failed  bool
}

// DownloadOptions say what is fetched and where to.
type DownloadOptions struct {
	// ResultOptions name what is fetched, unless All is set.
	ResultOptions
	// All fetches all that is kept for the caller, or with AllUsers for everybody;
	// Of, Configs and Runs must be empty then.
	All bool
	// Dir is the folder that gets one folder per task or campaign.
	Dir string
	// Archive is one file instead: its name ends in .tar.gz or .tar.zst.
	Archive string
	// Force overwrites what is there with other content.
	Force bool
	// Logs: fetch the logs of the containers too (they are by default).
	NoLogs bool
	// PreserveModes gives files and folders the permissions that they had in the
	// pod. Otherwise the umask says, and only whether a file can be executed is as
	// it was. An archive has the pod's in any case.
	PreserveModes bool
	// Parallel transfers; 0 for the default.
	Parallel int
	// Notify is told how far it is.
	Notify func(TransferProgress)
}

// DeleteResultOptions say which results are removed.
type DeleteResultOptions struct {
	ResultOptions
	// Force removes what was saved so far of what still runs.
	Force bool
	// DryRun only says what would be removed; client and server are the same,
	// since a store knows no dry run.
	DryRun DryRun
}

// TransferProgress tells how far a transfer is.
type TransferProgress struct {
	// Files and Bytes of Total. Skipped and SkippedBytes of them were there
	// already.
	Files, TotalFiles, Skipped      int
	Bytes, TotalBytes, SkippedBytes int64
	// Reading: so much has been read to know what is to be sent; nothing is
	// sent yet.
	Reading bool
}

// DownloadReport says what was fetched.
type DownloadReport struct {
	metav1.TypeMeta `json:",inline"`
	// Path is the folder or the archive.
	Path       string   `json:"path"`
	Results    int      `json:"results"`
	Files      int      `json:"files"`
	Bytes      int64    `json:"bytes"`
	Skipped    int      `json:"skipped"`
	Incomplete []string `json:"incomplete,omitempty"`
	// Missing counts what could not be kept when it was made.
	Missing int `json:"missing,omitempty"`
	// LeftOut are links that lead out of the folder, and what has no key.
	LeftOut []string `json:"leftOut,omitempty"`
	// Renamed are files with names that this system, or the folder, cannot
	// have.
	Renamed []RenamedFile `json:"renamed,omitempty"`
}

// RenamedFile is a file that was fetched under another name.
type RenamedFile struct {
	Result string `json:"result"`
	// Path is its own in the result; PathBytes that where it is not UTF-8.
	Path      string `json:"path"`
	PathBytes []byte `json:"pathBytes,omitempty"`
	// To is the one that it was given, below the result's folder.
	To string `json:"to"`
}
