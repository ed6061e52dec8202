package contexts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/percontext"
)

// maxBytes is the largest file that is taken, as for campaign files.
const maxBytes = 16 << 20

// InFile returns the contexts that a file has values per cluster for, sorted
// and each once; data is its content, path is used in messages only. It takes
// task files and campaign files (.vast) alike: all mappings called "resources"
// count, however deep they are. What a file hands on to the user's own programs
// or to Kubernetes (env, parameters, pod_config ...) is not looked into.
// Malformed lists are for the file's parser to refuse. A file that is no YAML is
// an *api.InvalidSpecError.
func InFile(path string, data []byte) ([]string, error) {
	if len(data) > maxBytes {
		return nil, wrong(path, fmt.Sprintf("the file is larger than %d KiB", maxBytes>>10))
	}
	s := scan{seen: map[visit]bool{}}
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			slices.Sort(s.names)
			return s.names, nil
		}
		if err != nil {
			return nil, wrong(path, "this is not YAML: "+err.Error())
		}
		s.anywhere(&doc)
	}
}

// RequireForMultiCluster refuses a file with values for more than one context
// when context is empty. It is an *api.InvalidSpecError that names them.
func RequireForMultiCluster(path string, data []byte, context string) error {
	if context != "" {
		return nil
	}
	names, err := InFile(path, data)
	if err != nil || len(names) < 2 {
		return err
	}
	return &api.InvalidSpecError{Problems: []api.Problem{{File: path,
		Message:  "the file has values for several clusters, by the contexts " + percontext.Names(names),
		Remedies: []api.Remedy{percontext.ChooseContext()}}}}
}

func wrong(path, msg string) error {
	return &api.InvalidSpecError{Problems: []api.Problem{{File: path, Message: msg}}}
}

// opaque are the fields whose contents are not the file format's: the user's
// own data, and whole Kubernetes objects, in which "resources" means something
// else.
var opaque = []string{
	"env", "envs", "secrets", "parameters", "parameter_overrides", "variations", "metadata", "general", "pod_config",
}

// visit is a node and whether it was looked at as resources: aliases lead to
// the same nodes again and again.
type visit struct {
	node      *yaml.Node
	resources bool
}

type scan struct {
	seen  map[visit]bool
	names []string
}

// enter follows aliases, and returns nil for a node that was looked at before.
func (s *scan) enter(n *yaml.Node, resources bool) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	v := visit{n, resources}
	if s.seen[v] {
		return nil
	}
	s.seen[v] = true
	return n
}

// anywhere looks for resources.
func (s *scan) anywhere(n *yaml.Node) {
	if n = s.enter(n, false); n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			s.anywhere(c)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch key := n.Content[i].Value; {
		case slices.Contains(opaque, key):
		case key == "resources":
			s.resources(n.Content[i+1])
		default:
			s.anywhere(n.Content[i+1])
		}
	}
}

// resources looks at the fields of resources, or of what is merged into them.
func (s *scan) resources(n *yaml.Node) {
	if n = s.enter(n, true); n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		for value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		switch {
		case key.ShortTag() == "!!merge" && value.Kind == yaml.MappingNode:
			s.resources(value)
		case key.ShortTag() == "!!merge", percontext.HoldsCandidates(key.Value):
			for _, c := range value.Content {
				s.resources(c)
			}
		case percontext.MayDiffer(key.Value) && value.Kind == yaml.SequenceNode:
			if list := listOf(value); list.PerCluster() {
				s.names = union(s.names, list.Contexts())
			}
		}
	}
}

func listOf(n *yaml.Node) percontext.List {
	list := make(percontext.List, len(n.Content))
	for i, item := range n.Content {
		for item.Kind == yaml.AliasNode {
			item = item.Alias
		}
		if item.Kind != yaml.MappingNode {
			continue
		}
		list[i] = []string{}
		for k := 0; k+1 < len(item.Content); k += 2 {
			name := item.Content[k].Value
			if item.Content[k].ShortTag() == "!!null" {
				name = ""
			}
			list[i] = append(list[i], name)
		}
	}
	return list
}
