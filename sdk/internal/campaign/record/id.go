package record

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// DefaultName is the first part of the id of a campaign without a name.
	DefaultName = "campaign"
	// maxName leaves room in 63 characters, which a label takes, for the time
	// and two more digits.
	maxName         = 63 - len("-2006-01-02-150405") - 2
	nameHash        = 6
	idTime          = "2006-01-02-150405"
	MaxIDsPerSecond = 100
)

// validID is what an id may be: it is a part of keys in the store, and of paths.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*-\d{4}-\d{2}-\d{2}-\d{6,8}$`)

// NewID returns the id of a campaign that begins at a time, as the clock on the
// wall shows it. Attempts after the first within one second get two digits more.
func NewID(name string, at time.Time, attempt int) string {
	id := safeName(name) + "-" + at.Format(idTime)
	if attempt > 0 {
		id += fmt.Sprintf("%02d", attempt)
	}
	return id
}

// safeName makes of any text what an id may begin with. A text that is fine
// stays; what was changed keeps a hash, so that two names stay two.
func safeName(name string) string {
	if name == "" {
		return DefaultName
	}
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, name)
	clean = strings.Trim(clean, "-_.")
	if clean == name && len(name) <= maxName {
		return name
	}
	if room := maxName - nameHash - 1; len(clean) > room {
		clean = strings.TrimRight(clean[:room], "-_.")
	}
	if clean == "" {
		clean = DefaultName
	}
	return clean + "-" + kube.Hash(name)[:nameHash]
}

func CheckID(id string) error {
	if validID.MatchString(id) && len(id) <= 63 {
		return nil
	}
	return api.Invalid("", "%q is no campaign's id; it looks like sweep-2026-06-17-101500", id)
}
