package manifest

import _ "embed"

// launcher is process 1 of the user's container: it runs setup, waits for the
// other nodes' names, runs the user's script, and hands SIGTERM on to
// everything in the container. See the comments in the script.
//
//go:embed launcher.sh
var launcher string

// launcherArg is the launcher as the kubelet is to be told of it.
var launcherArg = literal(launcher)

// launch returns the command that runs the launcher; its arguments are the
// setup script and the run script.
func launch() []string { return []string{"sh", "-c", launcherArg, "vast"} }

// ScriptDir is where the scripts are mounted that are too long for an
// argument.
const ScriptDir = "/etc/vast/scripts"
