package api

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// The kinds of a campaign's configurations.
const (
	KindCampaignConfig     = "CampaignConfig"
	KindCampaignConfigList = "CampaignConfigList"
)

// CampaignConfig is one configuration of a campaign once its variations are
// applied. Its name is that of ObjectMeta.
type CampaignConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Parameters is an object of names to values. A number with a fraction
	// is written as one (21.0).
	Parameters json.RawMessage `json:"parameters"`
}

// CampaignConfigList lists the configurations of a campaign in the file's
// order.
type CampaignConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []CampaignConfig `json:"items"`
}

// DeepCopyObject implements runtime.Object.
func (c *CampaignConfig) DeepCopyObject() runtime.Object     { return clone(c) }
func (c *CampaignConfigList) DeepCopyObject() runtime.Object { return clone(c) }
