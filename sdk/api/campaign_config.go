package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// CampaignConfig is one configuration of a campaign once its variations are
// applied. Its name is that of ObjectMeta.
type CampaignConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Parameters by name, as runtime.DeepCopyJSON takes them; a number with
	// a fraction is a json.Number, which is written as it is (21.0).
	Parameters map[string]any `json:"parameters"`
}

// CampaignConfigList lists the configurations of a campaign in the file's
// order.
type CampaignConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []CampaignConfig `json:"items"`
}

// DeepCopyObject implements runtime.Object. A copy by way of JSON would lose
// the fractions.
func (c *CampaignConfig) DeepCopyObject() runtime.Object {
	out := c.copied()
	return &out
}

func (c *CampaignConfig) copied() CampaignConfig {
	out := CampaignConfig{TypeMeta: c.TypeMeta, Parameters: runtime.DeepCopyJSON(c.Parameters)}
	c.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return out
}

// DeepCopyObject implements runtime.Object.
func (c *CampaignConfigList) DeepCopyObject() runtime.Object {
	out := &CampaignConfigList{TypeMeta: c.TypeMeta, Items: make([]CampaignConfig, len(c.Items))}
	c.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range c.Items {
		out.Items[i] = c.Items[i].copied()
	}
	return out
}
