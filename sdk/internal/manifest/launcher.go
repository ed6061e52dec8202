package manifest

import (
	"cmp"
	_ "embed"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The launcher is process 1 of the user's container: it runs setup, waits for
// the other nodes, runs the user's script, and hands SIGTERM on to everything in
// the container. See the comments in the scripts.
var (
	//go:embed start.sh
	startScript string
	//go:embed barrier.sh
	barrierScript string
	//go:embed sky.sh
	skyScript string
	//go:embed launcher.sh
	launcherScript string

	// launcher is that of a task of one node, nodesLauncher that of several.
	launcher      = uncommented(startScript) + uncommented(skyScript) + uncommented(launcherScript)
	nodesLauncher = uncommented(startScript) + uncommented(barrierScript) + uncommented(skyScript) + uncommented(launcherScript)
)

const (
	// defaultPatience is how long a node whose setup has ended waits for the
	// others.
	defaultPatience = time.Hour
	// The ports at which node 0 may listen: below those that Linux and
	// Kubernetes give out, and none that is known for anything.
	firstPort, ports = 20480, 4096
)

// uncommented removes the comments: the launcher is part of every pod.
func uncommented(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		if text := strings.TrimSpace(line); text != "" && text[0] != '#' {
			b.WriteString(line)
		}
	}
	return b.String()
}

// launch is the arguments of the launcher. They are in the command and not in
// the environment, which is the user's.
type launch struct {
	// grace is the number of seconds after which the launcher kills what it has
	// terminated, so that the sidecar has the rest of the pod's grace period;
	// nil for never.
	grace *int64
	// workdir is the folder that setup and run start in.
	workdir string
	// links has "<path> <path below the home folder>" for each link that the
	// launcher makes.
	links []string
	// variables is the script with the variables of other tasks, outputs the file of
	// those that the task passes; empty for none.
	variables, outputs string
	// skypilot lets the scripts find what SkyPilot's files lean on: see sky.sh.
	skypilot bool
	// hosts names the nodes, of several: <hosts>-<rank>.<hosts>.
	hosts string
	// patience is how long they wait for each other.
	patience time.Duration
}

// command returns the command that runs the launcher; its arguments are the
// setup script and the run script.
func (l *launch) command() []string {
	out := []string{"sh", "-c", literal(launcher), "vast"}
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
	add("variables", l.variables)
	add("outputs", l.outputs)
	if l.hosts != "" {
		out[2] = literal(nodesLauncher)
		add("hosts", l.hosts)
		add("port", strconv.Itoa(port(l.hosts)))
		add("patience", strconv.FormatInt(int64(cmp.Or(l.patience, defaultPatience).Seconds()), 10))
	}
	if l.skypilot {
		out = append(out, "--skypilot")
	}
	return append(out, "--")
}

// port is the port on which node 0 of a task listens: a number of its own,
// since nodes may share a host network with those of other tasks.
func port(task string) int {
	h := fnv.New32a()
	h.Write([]byte(task))
	return firstPort + int(h.Sum32()%ports)
}

// apply puts the arguments that are known now into a command that is the
// launcher: pod_config may have replaced it.
func (l *launch) apply(c *corev1.Container) {
	if len(c.Command) > 3 && c.Command[3] == "vast" && slices.Contains([]string{literal(launcher), literal(nodesLauncher)}, c.Command[2]) {
		c.Command = l.command()
	}
}

// ScriptDir is where the scripts are mounted that are too long for an
// argument.
const ScriptDir = "/etc/vast/scripts"
