package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ShareUpload is the upload of archives of campaigns and tasks to one share by one Job.
type ShareUpload struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"` // Name is that of the Job

	// ShareType is the type of the share: "webdav".
	ShareType string `json:"shareType"`
	User      string `json:"user,omitempty"`
	// State is Pending until the Job's pod has started, then Running, and Succeeded
	// or Failed in the end; Failed if any item has failed.
	State     State        `json:"state"`
	Reason    string       `json:"reason,omitempty"`
	StartTime *metav1.Time `json:"startTime,omitempty"`
	EndTime   *metav1.Time `json:"endTime,omitempty"`
	// Attached: the upload was already running, and no other one was started.
	Attached bool        `json:"attached,omitempty"`
	Archives []ShareItem `json:"archives"`
	// Excluded are the campaigns and tasks that have not ended. Reason has their counts.
	Excluded []ShareItem `json:"excluded,omitempty"`
}

// ShareItem is one campaign or task of a ShareUpload.
type ShareItem struct {
	// Name is the id of the campaign or task.
	Name string `json:"name"`
	// Task is set for a task.
	Task bool `json:"task,omitempty"`
	// Archive is the name on the share.
	Archive string `json:"archive,omitempty"`
	// Phase is "Waiting", "Archiving", "Uploading" or "Verifying"; and in the end
	// "Uploaded", "Skipped" if the share has the archive already, or "Failed".
	Phase  string `json:"phase,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Size of the archive in bytes, 0 until it is built. Done is how many of them the
	// share has; while Archiving, the number of bytes that were archived of Total.
	Size  int64 `json:"size,omitempty"`
	Done  int64 `json:"done,omitempty"`
	Total int64 `json:"total,omitempty"`
	// SHA256 of the archive, and what the share's copy was compared by: "sha256", "md5",
	// "crc32c" or "size only".
	SHA256   string `json:"sha256,omitempty"`
	Verified string `json:"verified,omitempty"`
	// Kept: the archive is still in the store. Removed: the results are not.
	Kept    bool `json:"kept,omitempty"`
	Removed bool `json:"removed,omitempty"`
}

// ShareUploadList is a list of uploads.
type ShareUploadList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []ShareUpload `json:"items"`
}

// ShareStopOptions set how an upload is stopped.
type ShareStopOptions struct{ DryRun DryRun }

// ShareUploadOptions are the options of Share.Upload. Type and Settings are required.
type ShareUploadOptions struct {
	// Type is the type of the share, Settings its settings, complete and checked.
	Type     string
	Settings map[string]string
	// Secret are the names of those settings that contain credentials.
	Secret []string
	// Refs are campaigns and tasks, as in Result; a campaign may be a glob on ids.
	// Empty selects all of the caller's that have ended.
	Refs []string
	// Force builds the archive again and replaces the share's.
	Force bool
	// KeepArchive leaves the archive in the store after the upload.
	KeepArchive bool
	// RemoveFromStore deletes the results from the store once the share's copy has been
	// verified.
	RemoveFromStore bool
	// Format is "tar.gz", the default, or "tar.zst".
	Format string
	// AgentImage overrides the image of our own containers, as in SubmitOptions.
	AgentImage   string
	DryRun       DryRun
	FieldManager string
}
