package manifest

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// The launcher is process 1 of the user's container: it runs setup, waits for
// the other nodes, runs the user's script, and hands SIGTERM on to everything in
// the container. See the comments in the scripts.
var (
	//go:embed start.sh
	startScript string
	//go:embed launcher.sh
	launcherScript string

	launcher = uncommented(startScript) + uncommented(launcherScript)
	// launcherArg is the launcher as the kubelet is to be told of it.
	launcherArg = literal(launcher)
)

// uncommented leaves out the lines that are for people: the launcher stands in
// every pod.
func uncommented(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		if text := strings.TrimSpace(line); text != "" && text[0] != '#' {
			b.WriteString(line)
		}
	}
	return b.String()
}

// launch is what the launcher is told. It is in the command and not in the
// environment, which is the user's.
type launch struct {
	// grace is after how many seconds the launcher kills what it has told to
	// end, so that the sidecar has the rest of the pod's grace period; nil for
	// never.
	grace *int64
	// workdir is the folder that setup and run start in.
	workdir string
	// links has "<path> <path below the home folder>" for each link that the
	// launcher makes.
	links []string
	// hosts names the nodes: <hosts>-<rank>.<hosts>.
	hosts string
}

// command returns the command that runs the launcher; its arguments are the
// setup script and the run script.
func (l *launch) command() []string {
	out := []string{"sh", "-c", launcherArg, "vast"}
	add := func(name, value string) {
		if value != "" {
			out = append(out, literal("--"+name+"="+value))
		}
	}
	if l.grace != nil {
		add("grace", strconv.FormatInt(*l.grace, 10))
	}
	add("workdir", l.workdir)
	add("links", strings.Join(l.links, "\n"))
	add("hosts", l.hosts)
	return append(out, "--")
}

// tell puts what has become known since into a command that is the launcher:
// pod_config may have put another one in its place.
func (l *launch) tell(c *corev1.Container) {
	if slices.Contains(c.Command, launcherArg) {
		c.Command = l.command()
	}
}

// ScriptDir is where the scripts are mounted that are too long for an
// argument.
const ScriptDir = "/etc/vast/scripts"
