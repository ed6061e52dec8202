package spec

// Campaign is one validated .vast file (version 1), defaults filled in and the
// values per cluster resolved. The format is RoboVAST's.
type Campaign struct {
	// Path is the file as the user named it; Data is its content.
	Path string
	Data []byte
	// Name is metadata.name; empty when there is none.
	Name           string
	Metadata       map[string]any
	Configurations []Configuration
	Execution      Execution
	// Secrets are those of Execution with their values, which no copy of the
	// campaign may have.
	Secrets []EnvVar
	// Ignored are the paths of the fields that have no meaning here, sorted
	// (results_processing, evaluation, general, execution.local ...).
	Ignored []string
}

// Configuration is one entry of configuration, not expanded yet.
type Configuration struct {
	Name string
	// Parameters are the base; every variation goes on top.
	Parameters []Parameter
	Variations []Variation
	Position
}

// Parameter is one parameter's name and value, a plain YAML value with string
// keys.
type Parameter struct {
	Name  string
	Value any
}

// The variation types that are always there. Package variation expands them.
const (
	VariationList     = "ParameterVariationList"
	VariationUniform  = "ParameterVariationDistributionUniform"
	VariationGaussian = "ParameterVariationDistributionGaussian"
	VariationOneOf    = "OneOfVariation"
)

// Variation is one entry of variations: a type and its settings. Those of the
// types above are checked; those of others are for whoever adds the type.
type Variation struct {
	Type string
	// Settings are plain YAML values with string keys; never nil.
	Settings map[string]any
	// Branches are what a OneOfVariation chooses from.
	Branches []Variation
	// Path is where it stands: "configuration[0].variations[1].Type".
	Path string
	Position
}

// Execution is how each run is executed.
type Execution struct {
	Image string
	Runs  int
	// ScenarioFile is relative to the .vast file. It is empty only with a
	// Command. ScenarioAt is where the file names it.
	ScenarioFile string
	ScenarioAt   Position `json:"-"`
	// RunFiles are globs relative to the .vast file.
	RunFiles []string
	// Command (ours) runs instead of scenario_execution: a script for sh.
	Command string
	// CPU and Memory are Kubernetes quantities, empty for none; GPU is a
	// number of devices, 0 for none.
	CPU, Memory string
	GPU         int
	Secondary   []Secondary
	Envs        []EnvVar
	// Secrets are the names of variables whose values are not part of the
	// file, nor of this.
	Secrets     []string `json:",omitempty"`
	RunAsUser   int64
	PreCommand  string
	PostCommand string
	// TimeoutSeconds of one Job, 0 for none.
	TimeoutSeconds int64
	// RunsPerJob is how many runs are packed into one Job; at least 1.
	RunsPerJob int
	// NodeLabels of kubernetes.jobs.node_labels: where the Jobs may run.
	NodeLabels map[string]string
}

// Secondary is one container beside the main one.
type Secondary struct {
	Name string
	// Command (ours) is a script for sh that runs in it, instead of the
	// server by which scenario_execution acts in there.
	Command     string
	CPU, Memory string
	GPU         int
}
