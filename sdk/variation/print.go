package variation

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

// Item returns a configuration in the form in which it is printed.
func (c Config) Item() *api.CampaignConfig {
	params := make(map[string]any, len(c.Parameters))
	for _, p := range c.Parameters {
		params[p.Name] = exact(p.Value)
	}
	return &api.CampaignConfig{
		TypeMeta:   api.TypeMeta[api.CampaignConfig](),
		ObjectMeta: metav1.ObjectMeta{Name: c.Name},
		Parameters: params,
	}
}

// Names returns the names of all parameters that some configuration has, in
// the order in which they appear.
func (c *Configs) Names() []string {
	var out []string
	seen := map[string]bool{}
	for config := range c.All() {
		for _, p := range config.Parameters {
			if !seen[p.Name] {
				seen[p.Name] = true
				out = append(out, p.Name)
			}
		}
	}
	return out
}

// Text returns a parameter's value for people: a text as it is, all else as
// JSON; "" when there is no such parameter.
func (c Config) Text(name string) string {
	for _, p := range c.Parameters {
		if p.Name == name {
			if s, ok := p.Value.(string); ok {
				return s
			}
			return string(JSON(p.Value))
		}
	}
	return ""
}
