package layout

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

// What belongs to the sharing of results, below Archives:
//
//	archives/<name>                  an archive, which is whole as soon as it is listed
//	archives/<name>.json             ArchiveRecord
//	archives/<name>.upload-<hash>    what an interrupted upload to one share continues with, encrypted
//	archives/_uploads/<Job>.json     ShareReport
const (
	ShareReports  = Archives + "_uploads/" // prefix of all reports
	archiveRecord = ".json"
	archiveState  = ".upload-"
)

// ArchiveKey returns where an archive is in the store.
func ArchiveKey(name string) string { return Archives + name }

// ArchiveRecordKey returns where the record of an archive is.
func ArchiveRecordKey(name string) string { return Archives + name + archiveRecord }

// ArchiveStateKey returns the key of the state of an upload of an archive. id
// identifies the share.
func ArchiveStateKey(name, id string) string { return Archives + name + archiveState + id }

// ShareReportKey returns where the report of an upload Job is.
func ShareReportKey(job string) string { return ShareReports + job + ".json" }

// ShareReportJob returns the Job of a report by its key, empty for another key.
func ShareReportJob(key string) string {
	name, below := strings.CutPrefix(key, ShareReports)
	job, is := strings.CutSuffix(name, ".json")
	if !below || !is || strings.Contains(job, "/") {
		return ""
	}
	return job
}

// ShareFormat is the version of ArchiveRecord's and ShareReport's format.
const ShareFormat = 1

// MaxShareReport bounds what is read of a record or report, in bytes.
const MaxShareReport = 16 << 20

// ArchiveRecord describes an archive that was built. It remains when the archive is
// removed, so that the same results are recognized on a share.
type ArchiveRecord struct {
	Version int `json:"version"`
	// Source identifies the objects of which the archive was built.
	Source  string    `json:"source"`
	Created time.Time `json:"created"`
	Size    int64     `json:"size"`
	SHA256  string    `json:"sha256"`
	MD5     string    `json:"md5"`
	CRC32C  string    `json:"crc32c"`
	// Files and Bytes are in the archive. LeftOut counts links that lead out of it.
	Files   int   `json:"files"`
	Bytes   int64 `json:"bytes"`
	LeftOut int   `json:"leftOut,omitempty"`
	// Removing is when the removal of these results from the store began: what is left
	// of them is not whole.
	Removing time.Time `json:"removing,omitzero"`
}

// ShareReport is how far an upload Job is. The agent writes it.
type ShareReport struct {
	Version   int    `json:"version"`
	Job       string `json:"job"`
	JobUID    string `json:"jobUID"`
	Namespace string `json:"namespace"`
	ShareType string `json:"shareType"`
	User      string `json:"user,omitempty"`
	// Started and Updated are set from the first report on, Ended by the last one.
	Started time.Time       `json:"started"`
	Updated time.Time       `json:"updated"`
	Ended   time.Time       `json:"ended,omitzero"`
	Items   []api.ShareItem `json:"items"`
}

// ParseShareReport reads a report.
func ParseShareReport(data []byte) (*ShareReport, error) {
	r := &ShareReport{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("the report of an upload cannot be read: %w", err)
	}
	if r.Version != ShareFormat {
		return nil, fmt.Errorf("the report of an upload is of version %d; this program reads version %d", r.Version, ShareFormat)
	}
	return r, nil
}

// ParseArchiveRecord reads a record. It returns nil for one of another version.
func ParseArchiveRecord(data []byte) *ArchiveRecord {
	r := &ArchiveRecord{}
	if json.Unmarshal(data, r) != nil || r.Version != ShareFormat {
		return nil
	}
	return r
}
