// Package rules holds what names, variables and images a user may choose. The
// parser of files applies them, and so does the engine to what comes from elsewhere.
package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/util/validation"
)

// NothingToRun is the problem of a task without a script.
const NothingToRun = "there is nothing to run: give a script as run, or as setup"

// VariablePattern matches the names of environment variables.
const VariablePattern = `^[a-zA-Z_][a-zA-Z0-9_]*$`

// maxRunConfig is the length of the longest name of an expanded configuration;
// variations append numbers to the names of a file.
const maxRunConfig = 255

var (
	variable = regexp.MustCompile(VariablePattern)
	volume   = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?$`)
	config   = regexp.MustCompile(`^[a-z0-9]+(?:-+[a-z0-9]+)*$`)
)

var (
	// setOnNodes are the variables that every node of a task gets from us.
	// Users cannot set them. MASTER_ADDR and
	// MASTER_PORT are not among them: a user may set them.
	setOnNodes = []string{
		"NODE_RANK", "NUM_NODES", "NODE_IPS", "VAST_TASK_ID", "VAST_NUM_GPUS_PER_NODE",
		"SKYPILOT_NODE_RANK", "SKYPILOT_NUM_NODES", "SKYPILOT_NODE_IPS",
		"SKYPILOT_NUM_GPUS_PER_NODE", "SKYPILOT_TASK_ID",
		"SKYPILOT_SETUP_NODE_RANK", "SKYPILOT_SETUP_NODE_IPS", "SKYPILOT_SETUP_NUM_GPUS_PER_NODE",
	}
	// kept are the names of the variables that pass data between our containers of a pod.
	kept = []string{
		"VAST_NODE_IP", "VAST_HOSTS", "VAST_WORKDIR", "VAST_LINKS", "VAST_GRACE",
		"VAST_COMMAND", "VAST_RUNS", "VAST_OUTCOMES", "VAST_OUTPUTS",
	}
	// keptPrefix begins the names of the launcher's shell variables.
	keptPrefix = "_vast_"
	// shellOptions are variables from which every bash takes its options at
	// its start, the launcher's too, and which no script may assign to.
	shellOptions = []string{"SHELLOPTS", "BASHOPTS"}
)

// IsVariable reports whether name can be the name of an environment variable.
func IsVariable(name string) bool { return variable.MatchString(name) }

// Variable returns what is wrong with the name of a variable that a user sets, or "".
func Variable(name string) string {
	switch {
	case strings.Contains(name, "="):
		return "a variable's name cannot hold \"=\""
	case !IsVariable(name):
		return "is not a variable's name: letters, digits and \"_\" are allowed, and the first is no digit"
	}
	return ReservedVariable(name)
}

// ReservedVariable returns why a user's container cannot be given a variable of this
// name, and what to do instead, or "".
func ReservedVariable(name string) string {
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

// runPrefix begins the names of the variables that hold a run's parameters.
const runPrefix = "PARAM_"

// setForRuns are the variables that every run gets besides those of its parameters.
var setForRuns = []string{
	"AVAILABLE_CPUS", "AVAILABLE_MEM", "CAMPAIGN_ID", "CONFIG_NAME", "CONTAINER_NAME", "OUTPUT_DIR",
	"POST_COMMAND", "PRE_COMMAND", "ROS_LOG_DIR", "RUN_ID", "RUN_NUMBER",
	"SCENARIO_FILE", "SCENARIO_OUTPUT_DIR", "SCENARIO_PARAMETER_FILE",
}

// RunVariable returns why a campaign cannot set a variable, or "". Variable applies
// too.
func RunVariable(name string) string {
	if slices.Contains(setForRuns, name) || strings.HasPrefix(name, runPrefix) {
		return fmt.Sprintf("is set for each run and cannot be given; use another name than %s", name)
	}
	return ""
}

// outputDir is the parameter that RoboVAST adds to each run.
const outputDir = "_output_dir"

// Parameter returns what is wrong with the name of a parameter, or "".
func Parameter(name string) string {
	switch name {
	case "":
		return "has no name"
	case outputDir:
		return "is set for each run and cannot be given"
	}
	return ""
}

// Volume returns what is wrong with the name of a volume, or "".
func Volume(name string) string {
	if !volume.MatchString(name) || len(name) > validation.DNS1123SubdomainMaxLength {
		return `is not the name of a volume: letters, digits, "-", "_" and "." are allowed, and a letter or digit at both ends`
	}
	return ""
}

// IsConfig reports whether name can be the name of a configuration in a file, apart
// from its length.
func IsConfig(name string) bool { return config.MatchString(name) }

// IsRunConfig reports whether name can be the name of an expanded configuration,
// which is a part of keys in the store and of paths in the pod.
func IsRunConfig(name string) bool {
	return len(name) <= maxRunConfig && config.MatchString(name)
}

// dockerPrefix is SkyPilot's prefix of container images.
const dockerPrefix = "docker:"

// Image returns the container image that s names, without SkyPilot's prefix, or what
// is wrong with it.
func Image(s string) (image, problem string) {
	image = strings.TrimPrefix(s, dockerPrefix)
	named, err := reference.ParseNormalizedNamed(image)
	switch {
	case err == nil && len(named.Name()) <= reference.RepositoryNameTotalLengthMax:
		return image, ""
	case image != strings.ToLower(image) && validImage(strings.ToLower(image)):
		return "", "is not a container image: the repository must be in lower case"
	}
	return "", `is not a container image; write [registry/]repository[:tag][@digest], for example "python:3.13-slim"`
}

func validImage(s string) bool {
	_, err := reference.ParseNormalizedNamed(s)
	return err == nil
}
