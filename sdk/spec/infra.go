package spec

import (
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
)

// clouds are the names that SkyPilot knows besides Kubernetes. A file that
// names one is not wrong; here it just means nothing.
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
	n          *node
	kubernetes bool
	context    string
}

func (infraField) describe() string     { return "text" }
func (infraField) accepts(n *node) bool { return n.kind == yaml.ScalarNode && n.isText() }

var regionZone = regexp.MustCompile(`^[^/]+(/[^/]+)?$`)

func (f *infraField) decode(r *reader, n *node, _ rules) {
	f.n = n
	cloud, rest, more := strings.Cut(n.text, "/")
	f.kubernetes, f.context = splitInfra(n.text)
	switch {
	case f.kubernetes && more && rest == "":
		r.fail(n, `%s names no context; write "k8s" or "k8s/<context>"`, n.quote())
	case f.kubernetes:
	case cloud != "*" && !isCloud(cloud):
		hint := ""
		if s := nearest(cloud, append([]string{"k8s", "kubernetes"}, clouds...)); s != "" {
			hint = `; did you mean "` + s + `"?`
		}
		r.fail(n, `%s is no infrastructure; write "k8s" or "k8s/<context>"%s`, n.quote(), hint)
	case more && !regionZone.MatchString(rest):
		r.fail(n, "%s is no infrastructure: behind the cloud there can be a region and a zone", n.quote())
	case n.text != "*":
		r.ignore(n)
	}
}

func (infraField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", MinLength: new(uint64(1))}
}

// cloudField is the old spelling of infra's first part.
type cloudField struct {
	n          *node
	kubernetes bool
}

func (cloudField) describe() string     { return "text" }
func (cloudField) accepts(n *node) bool { return n.kind == yaml.ScalarNode && n.isText() }

func (f *cloudField) decode(r *reader, n *node, _ rules) {
	f.n = n
	switch f.kubernetes = isKubernetes(n.text); {
	case f.kubernetes:
	case isCloud(n.text):
		r.ignore(n)
	default:
		r.fail(n, `%s is no cloud; write "kubernetes" or leave it out`, n.quote())
	}
}

func (cloudField) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }
