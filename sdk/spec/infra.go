package spec

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// clouds are the clouds that SkyPilot accepts besides Kubernetes. A file that
// names one is valid; the name has no effect here.
var clouds = strings.Fields(`aws azure gcp ibm lambda scp oci runpod vast vsphere cudo
	fluidstack paperspace primeintellect do nebius ssh slurm hyperbolic seeweb shadeform
	yotta mithril verda`)

func isKubernetes(cloud string) bool {
	return strings.EqualFold(cloud, "k8s") || strings.EqualFold(cloud, "kubernetes")
}

func isCloud(cloud string) bool {
	for _, c := range clouds {
		if strings.EqualFold(c, cloud) {
			return true
		}
	}
	return false
}

// infraField is "k8s", "k8s/<context>", "*", or "<cloud>/<region>/<zone>".
type infraField struct {
	n          *yamlfile.Node
	kubernetes bool
	context    string
}

func (infraField) Describe() string              { return "text" }
func (infraField) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.ScalarNode && n.IsText() }

var regionZone = regexp.MustCompile(`^[^/]+(/[^/]+)?$`)

func (f *infraField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n = n
	cloud, rest, more := strings.Cut(n.Text, "/")
	f.kubernetes, f.context = splitInfra(n.Text)
	switch {
	case f.kubernetes && more && rest == "":
		r.Fail(n, `%s names no context; write "k8s" or "k8s/<context>"`, n.Quote())
	case f.kubernetes:
	case cloud != "*" && !isCloud(cloud):
		hint := ""
		if s := text.Nearest(cloud, append([]string{"k8s", "kubernetes"}, clouds...)); s != "" {
			hint = `; did you mean "` + s + `"?`
		}
		r.Fail(n, `%s is no infrastructure; write "k8s" or "k8s/<context>"%s`, n.Quote(), hint)
	case more && !regionZone.MatchString(rest):
		r.Fail(n, "%s is no infrastructure: behind the cloud there can be a region and a zone", n.Quote())
	case n.Text != "*":
		r.Ignore(n)
	}
}

func (infraField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", MinLength: new(uint64(1))}
}

// cloudField is the old spelling of infra's first part.
type cloudField struct {
	n          *yamlfile.Node
	kubernetes bool
}

func (cloudField) Describe() string              { return "text" }
func (cloudField) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.ScalarNode && n.IsText() }

func (f *cloudField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n = n
	switch f.kubernetes = isKubernetes(n.Text); {
	case f.kubernetes:
	case isCloud(n.Text):
		r.Ignore(n)
	default:
		r.Fail(n, `%s is no cloud; write "kubernetes" or leave it out`, n.Quote())
	}
}

func (cloudField) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// context is the context that a candidate is for, empty for any.
func (c candidateFile) context() string {
	if c.Cloud.kubernetes {
		return c.Region.Value
	}
	return c.Infra.context
}

// forContext leaves the candidates of other clusters out when there are some
// for the one that is given, and notes what the remaining ones are for. Without
// any for the one given all are left, for whoever chooses the cluster to refuse.
func (r *parser) forContext(all []candidateFile, given string) []candidateFile {
	fits := func(c candidateFile) bool { own := c.context(); return own == "" || own == given }
	if given != "" && slices.ContainsFunc(all, fits) {
		all = slices.DeleteFunc(slices.Clone(all), func(c candidateFile) bool { return !fits(c) })
	}
	for _, c := range all {
		r.claim(cmp.Or(c.Infra.n, c.Region.Node), c.context())
	}
	return all
}

// claim notes, once, that the file is for a context.
func (r *parser) claim(n *yamlfile.Node, context string) {
	if context == "" || slices.ContainsFunc(r.claims, func(c contexts.Claim) bool { return c.Context == context }) {
		return
	}
	r.claims = append(r.claims, contexts.Claim{Context: context, File: r.File, Line: n.Line, Column: n.Column, Path: n.Path()})
}

// cloudImage matches the machine images that clouds have: of AWS, SkyPilot's
// own, of GCP, of OCI, and of Azure (publisher:offer:sku:version).
var cloudImage = regexp.MustCompile(`^(ami-[0-9a-f]+$|skypilot:|projects/|ocid1\.|[^/:]+:[^/:]+:[^/:]+:[^/:]+$)`)

// imageField is a container image, or a mapping of regions to images.
type imageField struct {
	n *yamlfile.Node
	v string
}

func (imageField) Describe() string { return "a container image" }

func (imageField) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.MappingNode || n.Kind == yaml.ScalarNode && n.IsText()
}

func (f *imageField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n = n
	if n.Kind == yaml.ScalarNode {
		f.v = readImage(r, n)
		return
	}
	if len(n.Fields) == 0 {
		r.Fail(n, "is empty; write a container image")
	}
	// A region means nothing here. Of the images the one for no region wins,
	// then the only one that there is.
	var images []string
	for _, e := range n.Fields {
		if e.Key.Tag != "!!null" && !r.TextKey(e) {
			continue
		}
		if !yamlfile.Accepts(textType, e) {
			r.Mismatch(e, textType)
			continue
		}
		image := readImage(r, e)
		if e.Key.Tag == "!!null" && image != "" {
			f.v = image
		}
		if image != "" && !slices.Contains(images, image) {
			images = append(images, image)
		}
	}
	if f.v == "" && len(images) == 1 {
		f.v = images[0]
	}
	if f.v == "" {
		r.Ignore(n)
	}
}

// image returns the container image that n names, or "" when it names an
// image of a cloud, whose path is noted, or none at all.
func readImage(r *yamlfile.Reader, n *yamlfile.Node) string {
	if cloudImage.MatchString(n.Text) {
		r.Ignore(n)
		return ""
	}
	image, msg := rules.Image(n.Text)
	if msg != "" {
		r.Fail(n, "%s %s", n.Quote(), msg)
		return ""
	}
	return image
}

func (imageField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "object", AdditionalProperties: yamlfile.SchemaFor(reflect.TypeFor[string]())}, {Type: "null"},
	}}
}
