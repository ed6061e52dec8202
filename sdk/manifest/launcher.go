package manifest

import _ "embed"

// launcher is process 1 of the user's container: it runs setup, waits for the
// other nodes' names, runs the user's script, and hands SIGTERM on to
// everything in the container. See the comments in the script.
//
//go:embed launcher.sh
var launcher string

// ScriptDir is where the scripts are mounted that are too long for an
// argument.
const ScriptDir = "/etc/vast/scripts"
