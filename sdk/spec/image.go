package spec

import (
	"reflect"
	"regexp"
	"slices"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

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
