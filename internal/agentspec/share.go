package agentspec

// The folder of an upload Job's Secret, and its files: a Share and the settings of the
// provider, both as JSON.
const (
	ShareDir      = "/share"
	ShareOrders   = "orders.json"
	ShareSettings = "settings.json"
)

// ShareArchives are the formats of archives on a share, by the ends of their names.
var ShareArchives = []string{"tar.gz", "tar.zst"}

// Share is what an upload Job sends to a share.
type Share struct {
	Job       string `json:"job"`
	Namespace string `json:"namespace"`
	User      string `json:"user,omitempty"`
	// Type of the share.
	Type  string      `json:"type"`
	Items []ShareItem `json:"items"`
	// Force builds archives again and replaces those on the share.
	Force bool `json:"force,omitempty"`
	// KeepArchive leaves archives in the store, RemoveFromStore deletes the results.
	KeepArchive     bool `json:"keepArchive,omitempty"`
	RemoveFromStore bool `json:"removeFromStore,omitempty"`
}

// ShareItem is one campaign or task.
type ShareItem struct {
	// Campaign or Task is the id.
	Campaign string `json:"campaign,omitempty"`
	Task     string `json:"task,omitempty"`
	// Folder is the one folder of the archive.
	Folder string `json:"folder"`
	// Archive is the name of the archive.
	Archive string `json:"archive"`
}

// Name returns the id of the campaign or task.
func (i ShareItem) Name() string { return i.Campaign + i.Task }
