package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// PrepareOptions set how a campaign is written to files instead of being run.
type PrepareOptions struct {
	CampaignOptions
	// Dir is the folder to write. It must not exist, or be empty, unless
	// Overwrite is set and it was written by an earlier call.
	Dir       string
	Overwrite bool
	// Setup is how the namespace is made ready by whoever applies the folder.
	// Without a config it is that of any cluster, without a quota a guess.
	Setup SetupOptions
}

// PrepareReport lists what was written.
type PrepareReport struct {
	metav1.TypeMeta `json:",inline"`
	// ID is the campaign's, Dir the folder, as it was named.
	ID  string `json:"id"`
	Dir string `json:"dir"`
	// Jobs and Runs that applying it makes.
	Jobs int `json:"jobs"`
	Runs int `json:"runs"`
	// InputBytes is the size of the inputs. InputsApplied: applying the
	// folder brings them along; else they have to be uploaded before.
	InputBytes    int64 `json:"inputBytes"`
	InputsApplied bool  `json:"inputsApplied"`
	// Secret is what the values of the campaign's secrets have to lie in,
	// which whoever applies the folder makes; empty without secrets.
	Secret string `json:"secret,omitempty"`
}

// DeepCopyObject implements runtime.Object.
func (r *PrepareReport) DeepCopyObject() runtime.Object { return clone(r) }
