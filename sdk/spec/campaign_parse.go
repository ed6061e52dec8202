package spec

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
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
	if docs := r.documents(data); docs != nil && r.oneMapping(docs) {
		r.parseCampaign(docs[0], in, c)
	}
	if err := r.err(); err != nil {
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

func (r *parser) oneMapping(docs []*node) bool {
	switch {
	case len(docs) > 1:
		r.fail(docs[1], "a campaign is one document; give this one a file of its own")
	case docs[0].kind != yaml.MappingNode:
		r.fail(docs[0], "a campaign must be a mapping of fields (version, configuration, execution ...), not %s", docs[0].kindName())
	default:
		return true
	}
	return false
}

func (r *parser) parseCampaign(doc *node, in Inputs, c *Campaign) {
	if v := doc.get("version"); v != nil && !v.isNull() && v.number() != fmt.Sprint(campaignVersion) {
		// Another version is another format: whatever else could be said
		// would mislead.
		r.fail(v, "version %s of the format is not supported; version %d is", shorten(v.written), campaignVersion)
		return
	}
	if search := doc.get("search"); search != nil {
		// Likewise: there is no configuration then, and the rest is of that
		// format, too.
		r.failKey(search, "%s", campaignFile{}.unknown("search"))
		return
	}
	if v := doc.get("version"); v == nil || v.isNull() {
		r.fail(doc, "\"version\" is missing; write \"version: %d\" if the file is of that format", campaignVersion)
	}
	r.campaignPerContext(doc.get("execution"), in.Context)
	var f campaignFile
	r.decode(doc, &f)
	c.Name, c.Metadata = r.campaignName(f.Metadata, in), f.Metadata.v
	c.Configurations = r.configurations(f.Configuration)
	r.execution(doc.get("execution"), f.Execution, in, &c.Execution)
	for _, name := range slices.Sorted(maps.Keys(in.Secrets)) {
		c.Execution.Secrets = append(c.Execution.Secrets, name)
		c.Secrets = append(c.Secrets, EnvVar{Name: name, Value: in.Secrets[name]})
	}
	c.Ignored = r.takeIgnored()
	if in.Check != nil {
		r.problems = append(r.problems, in.Check(c)...)
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
	if msg := checkName(m.name.text); msg != "" {
		r.fail(m.name, "%s %s", m.name.quote(), msg)
	}
	return m.name.text
}

// checkCampaignInputs checks what the command line gives and no file can
// change.
func (r *parser) checkCampaignInputs(in Inputs) {
	r.checkInputs(in)
	if in.NumNodes != 0 {
		r.flag("--num-nodes", "a campaign's runs have one node each")
	}
	for _, g := range []struct {
		flag  string
		given map[string]string
	}{{"--env", in.Envs}, {"--secret", in.Secrets}} {
		for _, name := range slices.Sorted(maps.Keys(g.given)) {
			if msg := checkRunEnv(name); msg != "" {
				r.flag(g.flag, "%q %s", shorten(name), msg)
			}
		}
	}
}
