package spec

import (
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// The types of this file are the .vast format, version 1, as format.go is that
// of tasks: the strict reader decodes into them, and the JSON Schema is made
// of them.
//
// Source of the format: RoboVAST's documentation, and its files.

// campaignVersion is the one version of the format that is read.
const campaignVersion = 1

// campaignFile is a .vast file.
type campaignFile struct {
	Version       versionField                                  `json:"version" jsonschema:"description=Version of the format: 1"`
	Metadata      metadataFile                                  `json:"metadata,omitempty" jsonschema:"description=Free; its name becomes the first part of the campaign's id"`
	Configuration yamlfile.At[[]yamlfile.At[configurationFile]] `json:"configuration" jsonschema:"required,minItems=1,description=What is varied"`
	Execution     executionFile                                 `json:"execution" jsonschema:"required,description=How each run is executed"`

	General           map[string]any `json:"general,omitempty" vast:"ignored"`
	ResultsProcessing map[string]any `json:"results_processing,omitempty" vast:"ignored"`
	Evaluation        map[string]any `json:"evaluation,omitempty" vast:"ignored"`
}

func (campaignFile) Unknown(key string) string {
	switch key {
	case "search":
		return `belongs to a later version of the format, in which a search decides what to run next; version 1 lists what is run under "configuration"`
	case "visualization":
		return `unknown field; it belongs under "evaluation"`
	case "name":
		return `unknown field; the campaign's name goes into "metadata.name"`
	case "image", "runs", "scenario_file", "run_files", "env", "resources", "timeout", "command", "secondary_containers":
		return `unknown field; it belongs under "execution"`
	case "configurations", "config":
		return `unknown field; did you mean "configuration"?`
	}
	return ""
}

// configurationFile is one entry of configuration.
type configurationFile struct {
	Name       yamlfile.At[string] `json:"name" jsonschema:"required,description=Lower-case letters and digits with '-' between them"`
	Parameters parametersField     `json:"parameters,omitempty" jsonschema:"description=What every run of it gets"`
	Variations variationsField     `json:"variations,omitempty" jsonschema:"description=Each multiplies the configurations"`
}

func (configurationFile) Unknown(key string) string {
	switch key {
	case "scenario_file":
		return `unknown field; all configurations share one scenario, "execution.scenario_file"`
	case "parameter":
		return `unknown field; did you mean "parameters"?`
	}
	return ""
}

// executionFile is execution.
type executionFile struct {
	Image        imageText           `json:"image,omitempty" jsonschema:"description=Container image of all containers"`
	Runs         yamlfile.At[int]    `json:"runs" jsonschema:"required,minimum=1,maximum=1000000,description=How often each configuration is run"`
	ScenarioFile pathField           `json:"scenario_file,omitempty" jsonschema:"description=The scenario: a path beside this file"`
	RunFiles     []pathField         `json:"run_files,omitempty" jsonschema:"description=Globs of files that the runs need; ** is any depth"`
	Command      yamlfile.At[string] `json:"command,omitempty" jsonschema:"description=A script for sh that is run instead of scenario_execution"`
	Env          campaignEnv         `json:"env,omitempty" jsonschema:"description=Environment variables: a list of NAME: value"`
	Resources    campaignRes         `json:"resources,omitempty" jsonschema:"description=What each run's main container needs"`
	Secondary    secondaries         `json:"secondary_containers,omitempty" jsonschema:"description=Containers beside the main one"`
	RunAsUser    yamlfile.At[int]    `json:"run_as_user,omitempty" jsonschema:"minimum=0,description=User id of all containers; 1000 without it"`
	PreCommand   yamlfile.At[string] `json:"pre_command,omitempty" jsonschema:"description=Path in the container of a script that is sourced before a run"`
	PostCommand  yamlfile.At[string] `json:"post_command,omitempty" jsonschema:"description=Path in the container of a script that is run after a run"`
	Timeout      yamlfile.At[int]    `json:"timeout,omitempty" jsonschema:"minimum=1,description=Seconds that a Job may take"`
	RunsPerJob   yamlfile.At[int]    `json:"runs_per_job,omitempty" jsonschema:"minimum=1,maximum=10000,description=How many runs one Job does"`
	ConfigsPer   yamlfile.At[int]    `json:"configs_per_job,omitempty" jsonschema:"minimum=1,maximum=10000,description=The older name of runs_per_job"`
	Kubernetes   campaignKube        `json:"kubernetes,omitempty"`

	Local map[string]any `json:"local,omitempty" vast:"ignored"`
}

func (executionFile) Unknown(key string) string {
	switch key {
	case "preprocessing":
		return "unknown field; it is of a time before version 1, and there is nothing in its place: what results become is up to you once they are downloaded"
	case "containers":
		return `belongs to version 2 of the format; in version 1 write "image", "resources" and "secondary_containers"`
	case "simulation":
		return `is not of version 1 of the format; a simulator is one of "secondary_containers", or what "command" starts`
	case "cpu", "memory", "gpu":
		return `unknown field; it belongs under "resources"`
	case "envs":
		return `unknown field; did you mean "env"?`
	case "node_labels":
		return `unknown field; it belongs under "kubernetes.jobs"`
	case "run":
		return `unknown field; the number of runs is "runs", and a script goes into "command"`
	}
	return ""
}

type (
	campaignKube struct {
		Jobs    kubeJobs    `json:"jobs,omitempty"`
		Control kubeControl `json:"control,omitempty" vast:"ignored"`
	}
	kubeJobs struct {
		NodeLabels nodeLabels `json:"node_labels,omitempty" jsonschema:"description=Labels of the nodes that runs may use"`
	}
	kubeControl struct {
		NodeLabels nodeLabels `json:"node_labels,omitempty"`
	}
	// campaignResources is one container's resources.
	campaignResources struct {
		CPU    campaignCPU      `json:"cpu,omitempty" jsonschema:"description=CPUs as Kubernetes writes them: 2 or 500m"`
		Memory campaignMemory   `json:"memory,omitempty" jsonschema:"description=Memory as Kubernetes writes it: 4Gi"`
		GPU    yamlfile.At[int] `json:"gpu,omitempty" jsonschema:"minimum=0,maximum=1024,description=Number of devices"`
	}
	// secondaryFile is the mapping below a secondary container's name, or the
	// keys beside it.
	secondaryFile struct {
		Resources campaignRes         `json:"resources,omitempty" jsonschema:"description=What the container needs"`
		Command   yamlfile.At[string] `json:"command,omitempty" jsonschema:"description=A script for sh that it runs"`
	}
)

func (campaignResources) Unknown(key string) string {
	switch key {
	case "cpus":
		return `unknown field; did you mean "cpu"?`
	case "gpus", "accelerators":
		return `unknown field; did you mean "gpu", a number of devices?`
	}
	return ""
}

// The settings of the variation types that are always there.
type (
	listSettings struct {
		Name   yamlfile.At[yamlfile.Either[string, []string]] `json:"name" jsonschema:"required,description=The parameter, or several that change together"`
		Values yamlfile.At[[]any]                             `json:"values" jsonschema:"required,minItems=1,description=Its values; with several parameters a list of values each"`
	}
	uniformSettings struct {
		randomSettings
		Min yamlfile.At[float64] `json:"min" jsonschema:"required"`
		Max yamlfile.At[float64] `json:"max" jsonschema:"required"`
	}
	gaussianSettings struct {
		randomSettings
		Mean yamlfile.At[float64] `json:"mean" jsonschema:"required"`
		Std  yamlfile.At[float64] `json:"std" jsonschema:"required,minimum=0"`
		Min  yamlfile.At[float64] `json:"min,omitempty"`
		Max  yamlfile.At[float64] `json:"max,omitempty"`
	}
	randomSettings struct {
		Name  yamlfile.At[string] `json:"name" jsonschema:"required,minLength=1"`
		Count yamlfile.At[int]    `json:"num_variations" jsonschema:"required,minimum=1,maximum=1000000"`
		Type  yamlfile.At[string] `json:"type,omitempty" jsonschema:"enum=float,enum=int,enum=string,enum=bool,enum=integer,enum=double,enum=number"`
		Seed  seedField           `json:"seed,omitempty"`
	}
	oneOfSettings struct {
		Variations yamlfile.At[variationsField] `json:"variations" jsonschema:"required"`
	}
)
