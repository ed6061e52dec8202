package layout

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/sdk/api"
)

// InventoryVersion is the version of Inventory's format.
const InventoryVersion = 1

// Inventory lists a result. It is written last: a result without one is
// incomplete.
type Inventory struct {
	Version int `json:"version"`
	agentspec.Identity
	Pod     string `json:"pod"`
	Machine string `json:"machine,omitempty"`
	// ImageID is the digest of the image that ran, as the runtime reports it.
	ImageID string    `json:"imageID,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Outcome Outcome   `json:"outcome"`
	// Progress is the last one reported; BrokenProgress counts the lines that
	// could not be read.
	Progress       *api.Progress `json:"progress,omitempty"`
	BrokenProgress int           `json:"brokenProgressLines,omitempty"`
	// Files are sorted by path; Logs lie under LogPrefix.
	Files     []File `json:"files"`
	LogPrefix string `json:"logPrefix"`
	Logs      []File `json:"logs"`
	// Missing is what could not be kept, and why.
	Missing []Missing `json:"missing,omitempty"`
	// PodStatus and Job are what Kubernetes said at the end.
	PodStatus json.RawMessage `json:"podStatus,omitempty"`
}

// File is one entry of a result.
type File struct {
	// Path is that of the file, relative to the result's folder or to
	// LogPrefix. It may have any bytes; in JSON those that are not UTF-8
	// stand in "pathBytes", in Base64.
	Path string `json:"path"`
	// Key is its key below the prefix, if that is not Path; see FileKey.
	Key    string `json:"key,omitempty"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"`
	// Mode are the permission bits.
	Mode uint32 `json:"mode,omitempty"`
	// Link is where a symbolic link points to; Dir marks an empty folder.
	// Neither has an object in the store.
	Link string `json:"link,omitempty"`
	Dir  bool   `json:"dir,omitempty"`
}

// ObjectKey is the key of a file, below the result's prefix or LogPrefix.
func (f File) ObjectKey() string { return cmp.Or(f.Key, f.Path) }

// Missing is a file that could not be kept.
type Missing struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Outcome is how a run or a node ended.
type Outcome struct {
	// State is Succeeded, Failed, Stopped or Rejected.
	State api.State `json:"state"`
	// Cause and the rest explain a failure; see api.Diagnosis.
	Cause    api.Cause `json:"cause,omitempty"`
	Message  string    `json:"message,omitempty"`
	Hint     string    `json:"hint,omitempty"`
	ExitCode *int32    `json:"exitCode,omitempty"`
}

// Word is the outcome in one word without slashes: "Succeeded",
// "Failed.OutOfMemory".
func (o Outcome) Word() string {
	if o.Cause == "" {
		return string(o.State)
	}
	return string(o.State) + "." + string(o.Cause)
}

// ParseWord reads what Word wrote.
func ParseWord(word string) (Outcome, bool) {
	state, cause, _ := strings.Cut(word, ".")
	o := Outcome{State: api.State(state), Cause: api.Cause(cause)}
	return o, o.State.Ended()
}
