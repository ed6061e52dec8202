package spec

import (
	"slices"
	"strings"
)

var (
	// setOnNodes are the variables that every node of a task gets from us.
	// They say what is true, so a user cannot set them. MASTER_ADDR and
	// MASTER_PORT are not among them: a user who knows better may.
	setOnNodes = []string{
		"NODE_RANK", "NUM_NODES", "NODE_IPS", "VAST_TASK_ID", "VAST_NUM_GPUS_PER_NODE",
		"SKYPILOT_NODE_RANK", "SKYPILOT_NUM_NODES", "SKYPILOT_NODE_IPS",
		"SKYPILOT_NUM_GPUS_PER_NODE", "SKYPILOT_TASK_ID",
		"SKYPILOT_SETUP_NODE_RANK", "SKYPILOT_SETUP_NODE_IPS", "SKYPILOT_SETUP_NUM_GPUS_PER_NODE",
	}
	// kept are the names by which our parts in a pod tell each other things.
	kept = []string{
		"VAST_NODE_IP", "VAST_HOSTS", "VAST_WORKDIR", "VAST_LINKS", "VAST_GRACE",
		"VAST_COMMAND", "VAST_RUNS", "VAST_OUTCOMES",
	}
	// keptPrefix begins the names of the launcher's shell variables.
	keptPrefix = "_vast_"
	// shellOptions are variables from which every bash takes its options at
	// its start, the launcher's too, and which no script may assign to.
	shellOptions = []string{"SHELLOPTS", "BASHOPTS"}
)

// ReservedEnv says why the user's container cannot be given a variable of this
// name, and what to do instead; or "".
func ReservedEnv(name string) string {
	switch {
	case slices.Contains(setOnNodes, name):
		return "is set by kubevast on every node and cannot be given; use another name"
	case slices.Contains(kept, name), strings.HasPrefix(name, keptPrefix):
		return "is reserved and cannot be given; use another name"
	case slices.Contains(shellOptions, name):
		return "would change the options of every bash before it starts and cannot be given; write \"set -o\" or \"shopt\" into the script"
	}
	return ""
}
