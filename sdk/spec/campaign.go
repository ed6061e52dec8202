package spec

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

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
	// Path is the position in the file: "configuration[0].variations[1].Type".
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

// ParseCampaign validates the bytes of one campaign file (.vast, version 1),
// resolves its values per cluster, and fills in defaults and what the command
// line adds. path is used in messages only. A field that is null counts as
// absent.
//
// Of in, Name, Image, CPUs, Memory and GPUs take the place of what the file
// has, Envs add to execution.env or fill it in, Secrets take variables out of it,
// and Context chooses among values per cluster; NumNodes is refused.
//
// The error is an *api.InvalidSpecError with every problem that was found, in the
// file's order, those of in.Check among them. Whether a variation's type exists
// is known there, or when the campaign is expanded.
func ParseCampaign(path string, data []byte, in Inputs) (*Campaign, error) {
	r := newParser(path, campaignFormat)
	r.checkCampaignInputs(in)
	c := &Campaign{Path: path, Data: data}
	if docs := r.Documents(data); docs != nil && r.oneMapping(docs) {
		r.parseCampaign(docs[0], in, c)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// campaignKeys are fields that only a campaign has at its top.
var campaignKeys = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^version[ \t]*:`),
	regexp.MustCompile(`(?m)^configuration[ \t]*:`),
	regexp.MustCompile(`(?m)^execution[ \t]*:`),
}

// IsCampaign reports whether a file is a campaign: it is called *.vast, or has
// a campaign's fields. It does not say that the file is right.
func IsCampaign(path string, data []byte) bool {
	if filepath.Ext(path) == ".vast" {
		return true
	}
	for _, key := range campaignKeys {
		if !key.Match(data) {
			return false
		}
	}
	return true
}

func (r *parser) oneMapping(docs []*yamlfile.Node) bool {
	switch {
	case len(docs) > 1:
		r.Fail(docs[1], "a campaign is one document; give this one a file of its own")
	case docs[0].Kind != yaml.MappingNode:
		r.Fail(docs[0], "a campaign must be a mapping of fields (version, configuration, execution ...), not %s", docs[0].KindName())
	default:
		return true
	}
	return false
}

func (r *parser) parseCampaign(doc *yamlfile.Node, in Inputs, c *Campaign) {
	if v := doc.Get("version"); v != nil && !v.IsNull() && v.Number() != fmt.Sprint(campaignVersion) {
		// Another version is another format: whatever else could be said
		// would mislead.
		r.Fail(v, "version %s of the format is not supported; version %d is", yamlfile.Shorten(v.Written), campaignVersion)
		return
	}
	if search := doc.Get("search"); search != nil {
		// Likewise: there is no configuration then, and the rest is of that
		// format, too.
		r.FailKey(search, "%s", campaignFile{}.Unknown("search"))
		return
	}
	if v := doc.Get("version"); v == nil || v.IsNull() {
		r.Fail(doc, "\"version\" is missing; write \"version: %d\" if the file is of that format", campaignVersion)
	}
	r.campaignPerContext(doc.Get("execution"), in.Context)
	var f campaignFile
	r.Decode(doc, &f)
	c.Name, c.Metadata = r.campaignName(f.Metadata, in), f.Metadata.v
	c.Configurations = r.configurations(f.Configuration)
	r.execution(doc.Get("execution"), f.Execution, in, &c.Execution)
	for _, name := range slices.Sorted(maps.Keys(in.Secrets)) {
		c.Execution.Secrets = append(c.Execution.Secrets, name)
		c.Secrets = append(c.Secrets, EnvVar{Name: name, Value: in.Secrets[name]})
	}
	c.Ignored = r.TakeIgnored()
	if in.Check != nil {
		r.Problems = append(r.Problems, in.Check(c)...)
	}
}

// campaignName is the first part of the campaign's id.
func (r *parser) campaignName(m metadataFile, in Inputs) string {
	if in.Name != "" {
		return in.Name
	}
	if m.name == nil {
		return ""
	}
	if msg := checkName(m.name.Text); msg != "" {
		r.Fail(m.name, "%s %s", m.name.Quote(), msg)
	}
	return m.name.Text
}

// checkCampaignInputs checks what the command line gives and no file can
// change.
func (r *parser) checkCampaignInputs(in Inputs) {
	r.checkInputs(in)
	if in.NumNodes != 0 {
		r.FailOption("NumNodes", "a campaign's runs have one node each")
	}
	for _, g := range []struct {
		option string
		given  map[string]string
	}{{"Envs", in.Envs}, {"Secrets", in.Secrets}} {
		for _, name := range slices.Sorted(maps.Keys(g.given)) {
			if msg := rules.RunVariable(name); msg != "" {
				r.FailOption(g.option, "%q %s", yamlfile.Shorten(name), msg)
			}
		}
	}
}
