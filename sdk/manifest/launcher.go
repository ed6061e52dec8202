package manifest

import _ "embed"

// launcher is process 1 of the user's container: it runs setup, waits for the
// other nodes' names, runs the user's script, and hands SIGTERM on to
// everything in the container. See the comments in the script.
//
//go:embed launcher.sh
var launcher string

// What the launcher leaves in the termination message: SetupMark while setup
// has not succeeded, OOMMark when the kernel has killed a process of a script
// that failed.
const (
	SetupMark = "vast:setup"
	OOMMark   = "vast:oom"
)

// ScriptDir is where the scripts are mounted that are too long for an
// argument.
const ScriptDir = "/etc/vast/scripts"
