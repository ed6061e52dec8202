package api

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VolumeStatus is the current state of one volume. ObjectMeta is that of its
// PersistentVolumeClaim.
type VolumeStatus struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// VolumeName is the name that the user gave it; for a claim that was
	// not made by us it is the claim's name.
	VolumeName   string   `json:"volumeName"`
	User         string   `json:"user,omitempty"`
	Size         string   `json:"size"`
	StorageClass string   `json:"storageClass,omitempty"`
	AccessModes  []string `json:"accessModes"`
	// Phase is the claim's: Pending, Bound or Lost.
	Phase string `json:"phase"`
	// Reason says in words why it is not Bound.
	Reason string `json:"reason,omitempty"`
	// UsedBy are the tasks and, behind a slash, the foreign pods that use
	// it now: "train-x7k2m9qa", "pod/nginx".
	UsedBy []string `json:"usedBy,omitempty"`
}

// VolumeStatusList is a list of volumes.
type VolumeStatusList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []VolumeStatus `json:"items"`
}

// VolumeCreateOptions are the options of Volume.Create. The zero value creates the
// volume.
type VolumeCreateOptions struct {
	DryRun DryRun
	// FieldManager is recorded by the API server as the author of the claim.
	FieldManager string
}

// VolumeListOptions select the volumes that Volume.List returns, or Watch. The zero value
// selects the caller's own in the client's namespace.
type VolumeListOptions struct {
	// Namespace overrides the client's; AllNamespaces selects all of them.
	Namespace     string
	AllNamespaces bool
	// AllUsers includes the volumes of other users.
	AllUsers bool
	// LabelSelector is a further selector, in the syntax of kubectl -l.
	LabelSelector string
	// Ref selects the one volume of the client's namespace that it names; no other
	// option may be set then.
	Ref string
}

// VolumeDeleteOptions are the options of Volume.Delete.
type VolumeDeleteOptions struct {
	DryRun DryRun
	// Wait returns only when the claim is gone.
	Wait bool
}
