package spec

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
)

const dockerPrefix = "docker:"

// cloudImage matches the machine images that clouds have: of AWS, SkyPilot's
// own, of GCP, of OCI, and of Azure (publisher:offer:sku:version).
var cloudImage = regexp.MustCompile(`^(ami-[0-9a-f]+$|skypilot:|projects/|ocid1\.|[^/:]+:[^/:]+:[^/:]+:[^/:]+$)`)

// imageField is a container image, or a mapping of regions to images.
type imageField struct {
	n *node
	v string
}

func (imageField) describe() string { return "a container image" }

func (imageField) accepts(n *node) bool {
	return n.kind == yaml.MappingNode || n.kind == yaml.ScalarNode && n.isText()
}

func (f *imageField) decode(r *reader, n *node, _ rules) {
	f.n = n
	if n.kind == yaml.ScalarNode {
		f.v = readImage(r, n)
		return
	}
	if len(n.fields) == 0 {
		r.fail(n, "is empty; write a container image")
	}
	// A region means nothing here. Of the images the one for no region wins,
	// then the only one that there is.
	var images []string
	for _, e := range n.fields {
		if e.key.tag != "!!null" && !r.textKey(e) {
			continue
		}
		if !accepts(textType, e) {
			r.mismatch(e, textType)
			continue
		}
		image := readImage(r, e)
		if e.key.tag == "!!null" && image != "" {
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
		r.ignore(n)
	}
}

// image returns the container image that n names, or "" when it names an
// image of a cloud, whose path is noted, or none at all.
func readImage(r *reader, n *node) string {
	if cloudImage.MatchString(n.text) {
		r.ignore(n)
		return ""
	}
	image, msg := parseImage(n.text)
	if msg != "" {
		r.fail(n, "%s %s", n.quote(), msg)
		return ""
	}
	return image
}

// parseImage checks a reference and takes SkyPilot's prefix off. What is
// wrong with it is the second result.
func parseImage(s string) (image, problem string) {
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

func (imageField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "object", AdditionalProperties: schemaFor(reflect.TypeFor[string]())}, {Type: "null"},
	}}
}
