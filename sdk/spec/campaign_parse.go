package spec

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

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
			if msg := checkRunEnv(name); msg != "" {
				r.FailOption(g.option, "%q %s", yamlfile.Shorten(name), msg)
			}
		}
	}
}
