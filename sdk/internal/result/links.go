package result

import (
	"strings"

	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/sdk/api"
)

// leadsOut reports a link that must not be made. An archive may be opened
// anywhere.
func leadsOut(f file, o api.DownloadOptions, sys system) bool {
	return sys.leadsOut(f.path, f.link) || o.Archive != "" && systemOf("windows").leadsOut(f.path, f.link)
}

// leadsOut reports a link that would lead out of the folder of a result. To
// Windows a backslash is a slash, to others it is a character like any other.
func (s system) leadsOut(name, target string) bool {
	if pack.LeadsOut(name, strings.ReplaceAll(target, `\`, "_")) {
		return true
	}
	return s.windows && (strings.Contains(target, ":") || pack.LeadsOut(name, strings.ReplaceAll(target, `\`, "/")))
}
