package campaign

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/spec"
)

// configuration is an expanded one, in the forms in which its runs get it.
type configuration struct {
	Name string
	// text is the YAML of its parameters, vars are they as variables.
	text string
	vars []spec.EnvVar
}

func newConfiguration(name string, params []spec.Parameter) configuration {
	return configuration{Name: name, text: parameterText(params), vars: variables(params)}
}

// stored is one entry of the file in the store.
type stored struct {
	Name       string    `yaml:"name"`
	Parameters yaml.Node `yaml:"parameters,omitempty"`
}

// marshalConfigurations writes the file by which a campaign is finished, or
// repeated, without its plug-ins and with the numbers that were drawn for it.
func marshalConfigurations(configs []configuration) []byte {
	var b bytes.Buffer
	for _, c := range configs {
		fmt.Fprintf(&b, "- name: %s\n", c.Name)
		if c.text != "" {
			b.WriteString("  parameters:\n")
			b.WriteString(indent(c.text, "    "))
		}
	}
	return b.Bytes()
}

// parseConfigurations reads what marshalConfigurations wrote.
func parseConfigurations(data []byte) ([]configuration, error) {
	var list []stored
	if err := yaml.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("the list of configurations cannot be read: %w", err)
	}
	out := make([]configuration, 0, len(list))
	for _, s := range list {
		var params []spec.Parameter
		for i := 0; i+1 < len(s.Parameters.Content); i += 2 {
			p := spec.Parameter{Name: s.Parameters.Content[i].Value}
			if err := s.Parameters.Content[i+1].Decode(&p.Value); err != nil {
				return nil, fmt.Errorf("the list of configurations cannot be read: %s: %w", s.Name, err)
			}
			params = append(params, p)
		}
		out = append(out, newConfiguration(s.Name, params))
	}
	return out, nil
}
