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
	// Missing is why it could not be kept.
	Missing string `json:"missing,omitempty"`
}

// ResultList is a list of results.
type ResultList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []Result `json:"items"`
	// Ref is set by Result.Delete: the ref with the whole id of what it names. It
	// names the same results later, unlike "@latest" or a prefix.
	Ref string `json:"-"`
}

// ResultSelector selects parts of what is stored of a campaign. The zero value
// selects everything.
type ResultSelector struct {
	// Configs are globs on configurations, Runs are numbers of runs, from 0;
	// empty selects all. They are InvalidSpecError without a campaign.
	Configs []string
	Runs    []int
	// Failed selects what ended otherwise than Succeeded or Rejected.
	Failed bool
}

// ResultListOptions select the results that Result.List returns. The zero value
// selects the caller's own.
type ResultListOptions struct {
	// Ref is a ref as in Result; empty selects every task and campaign, and each
	// campaign is one Result then.
	Ref string
	ResultSelector
	// AllUsers includes the results of other users.
	AllUsers bool
	// AllNamespaces selects the results of all namespaces that were set up. Ref
	// must be empty then.
	AllNamespaces bool
}

// ResultGetOptions are the options of Result.Get.
type ResultGetOptions struct{ ResultSelector }

// DownloadOptions are the options of Result.Download.
type DownloadOptions struct {
	ResultSelector
	// All downloads the results of every task and campaign of the caller, or with
	// AllUsers of all users. The ref, Configs and Runs must be empty then.
	All      bool
	AllUsers bool
	// Dir is the folder in which each task or campaign gets a folder.
	Dir string
	// Archive is the path of an archive to write instead of Dir; it ends in
	// .tar.gz or .tar.zst.
	Archive string
	// Force overwrites files that have other content.
	Force bool
	// NoLogs omits the logs of the containers.
	NoLogs bool
	// PreserveModes sets the permissions of files and folders to those in the
	// pod. Without it the umask decides, and only the executable bit is kept. An
	// archive always has the permissions in the pod.
	PreserveModes bool
	// Parallel is the number of concurrent transfers; 0 is the default.
	Parallel int
	// Notify, if set, is called with the progress.
	Notify func(TransferProgress)
}

// ResultDeleteOptions are the options of Result.Delete.
type ResultDeleteOptions struct {
	ResultSelector
	// Force also deletes what is stored so far of unfinished work.
	Force bool
	// DryRun client and server are the same: nothing is deleted, and what would
	// be is returned. A store has no dry run of its own.
	DryRun DryRun
}

// TransferProgress is the progress of a transfer.
type TransferProgress struct {
	// Files and Bytes of Total. Skipped and SkippedBytes of them were there
	// already.
	Files, TotalFiles, Skipped      int
	Bytes, TotalBytes, SkippedBytes int64
	// Reading: so much has been read to compute what is to be sent; nothing is
	// sent yet.
	Reading bool
}

// DownloadReport lists what was fetched.
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
