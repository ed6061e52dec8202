package api

import (
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ClusterConfig is the config of one type of cluster.
type ClusterConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Description string `json:"description"`
	// Recognized says in words by what its nodes are known.
	Recognized string          `json:"recognized"`
	Options    []ClusterOption `json:"options"`
}

// ClusterOption is one option of a config, given as --option NAME=VALUE.
type ClusterOption struct {
	Name        string `json:"name"`
	Default     string `json:"default,omitempty"`
	Description string `json:"description"`
	// Allowed are its values, when they can be listed.
	Allowed []string `json:"allowed,omitempty"`
}

// ClusterConfigList is a list of configs.
type ClusterConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []ClusterConfig `json:"items"`
}

// StoreKind is the kind of the store.
type StoreKind string

const (
	// StoreBuiltIn runs in the namespace.
	StoreBuiltIn StoreKind = "built-in"
	// StoreExternal is an S3 of one's own.
	StoreExternal StoreKind = "external"
	StoreNone     StoreKind = "none"
)

// SetupOptions set how a cluster is set up. All may be empty: then the values
// that an earlier setup recorded are kept, and without a record the defaults
// are used.
type SetupOptions struct {
	// Config is the name of a config; empty is that of the record, else the
	// one that the nodes are recognized by.
	Config  string
	Options map[string]string
	// Quota overrides what was measured, by resource: {"cpu": "64"}.
	Quota map[string]string
	// KueueChart is empty for the chart's registry, "embedded" for the chart
	// in this program, else the path of a chart. It matters only when Kueue
	// is installed by us.
	KueueChart string
	// KueueImage replaces registry.k8s.io/kueue/kueue:v0.16.1 by its digest, for
	// mirrors. It has a tag, a digest or both.
	KueueImage string
	Store      StoreOptions
	DryRun     DryRun
	// Timeout is how long to wait until all is ready (0: 5 minutes).
	Timeout time.Duration
	// Progress, if set, is called with each step, with what is being waited for and
	// with what is worth knowing.
	Progress func(Notice)
}

// StoreOptions choose a store.
type StoreOptions struct {
	Kind StoreKind
	// Image of the built-in store.
	Image string
	// Endpoint is the URL of an external store; Secret names a Secret in the
	// namespace with the keys access-key-id and secret-access-key.
	Endpoint, Secret string
	// ReaderSecret names one with the credentials of an account that may only
	// list and get; without it readers have those of Secret.
	ReaderSecret string
	// TLS of the built-in store; nil is as it was set up, and true at first.
	TLS *bool
	// Bucket and Region of an external store (defaults: vast, us-east-1).
	Bucket, Region string
}

// ClusterResizeOptions set how the quota is measured again.
type ClusterResizeOptions struct {
	// Quota overrides single resources, as in SetupOptions.
	Quota  map[string]string
	DryRun DryRun
}

// ClusterResize is the quota before and after.
type ClusterResize struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Resources []ResizedResource `json:"resources"`
	// Changed is false when the quota was right already.
	Changed bool `json:"changed"`
}

// ResizedResource is the quota of one resource, as Kubernetes quantities.
// Before is empty for a resource that had none.
type ResizedResource struct {
	Resource string `json:"resource"`
	Before   string `json:"before,omitempty"`
	After    string `json:"after"`
}

// ClusterCleanupOptions set what a cleanup removes.
type ClusterCleanupOptions struct {
	// Force stops the tasks, campaigns and other work of the namespace that have
	// not ended, and waits until they have saved; without it they are a ConflictError.
	Force bool
	// KeepData leaves the store's claim and its Secret.
	KeepData bool
	DryRun   DryRun
	// Timeout is how long to wait until all is gone (0: 5 minutes).
	Timeout time.Duration
	// Progress, if set, is called with each step and with what is being waited for.
	Progress func(Notice)
}

// ClusterCleanup is what a cleanup removes or has removed.
type ClusterCleanup struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Remove and Keep list objects as "kind/name"; Keep includes the reason.
	Remove []string       `json:"remove"`
	Keep   []KeptByReason `json:"keep,omitempty"`
	// Work is what has not ended in the namespace, in whatever queue or in none.
	Work []UnfinishedWork `json:"work,omitempty"`
	// Warnings describe what would be lost.
	Warnings []string `json:"warnings,omitempty"`
}

// UnfinishedWork is a task, a campaign or other work of ours that has not ended,
// or has ended and still saves what it has.
type UnfinishedWork struct {
	// Kind is "campaign", else what the label kubevast.io/kind says: "task" ...
	Kind string `json:"kind"`
	// Name is a campaign's id, else the name of a Job or pod.
	Name string `json:"name"`
	// Runs counts those of a campaign that are not over. Of a Job of packed
	// runs all are counted until the Job is.
	Runs int `json:"runs,omitempty"`
	// Submitting: not all Jobs of the campaign have been made.
	Submitting bool `json:"submitting,omitempty"`
	// Saving: it has ended, and its pods save what they have.
	Saving bool `json:"saving,omitempty"`
}

// String is "campaign sweep-2026-11-29-120000 (6 runs, not fully submitted)".
func (w UnfinishedWork) String() string {
	var more []string
	switch {
	case w.Runs == 1:
		more = append(more, "1 run")
	case w.Runs > 1:
		more = append(more, strconv.Itoa(w.Runs)+" runs")
	}
	if w.Submitting {
		more = append(more, "not fully submitted")
	}
	if w.Saving {
		more = append(more, "saving")
	}
	text := w.Kind + " " + w.Name
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

// KeptByReason is something that a cleanup leaves.
type KeptByReason struct {
	Object string `json:"object"`
	Reason string `json:"reason"`
}

// ClusterStatus is what is set up in a namespace and in the cluster behind it.
// ObjectMeta is that of the record.
type ClusterStatus struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Config  string            `json:"config"`
	Options map[string]string `json:"options,omitempty"`
	// Ready: everything that was set up works, and is known to.
	Ready bool `json:"ready"`
	// State is NotReady when something does not work, and else Unknown when
	// something may not be looked at.
	State ReadyState     `json:"state"`
	Kueue KueueStatus    `json:"kueue"`
	Queue ClusterQueue   `json:"queue"`
	Store StoreStatus    `json:"store"`
	Agent ComponentState `json:"agent"`
}

// ReadyState is whether a component works.
type ReadyState string

const (
	ReadyStateReady    ReadyState = "Ready"
	ReadyStateNotReady ReadyState = "NotReady"
	// ReadyStateUnknown is of what the caller has no right to look at.
	ReadyStateUnknown ReadyState = "Unknown"
)

// ComponentState is whether a component works, and why not.
type ComponentState struct {
	Name string `json:"name"`
	// Ready is true only for the State Ready.
	Ready bool       `json:"ready"`
	State ReadyState `json:"state"`
	// Reason is why it is not, or which right is missing to check.
	Reason string `json:"reason,omitempty"`
	// Remedies are what a caller can do about it.
	Remedies []Remedy `json:"remedies,omitempty"`
}

// KueueStatus is the Kueue of the cluster.
type KueueStatus struct {
	ComponentState `json:",inline"`
	Namespace      string `json:"namespace,omitempty"`
	Version        string `json:"version,omitempty"`
	Image          string `json:"image,omitempty"`
	// InstalledBySetup: `cluster cleanup` removes it with the last namespace.
	InstalledBySetup bool `json:"installedBySetup"`
	// InstallerUnknown is the right that is missing to check that.
	InstallerUnknown string `json:"installerUnknown,omitempty"`
}

// ClusterQueue is the namespace's queue with the quota behind it.
type ClusterQueue struct {
	ComponentState `json:",inline"`
	ClusterQueue   string          `json:"clusterQueue"`
	Pending        int             `json:"pending"`
	Admitted       int             `json:"admitted"`
	Resources      []QueueResource `json:"resources"`
}

// StoreStatus is the store that the namespace uses.
type StoreStatus struct {
	ComponentState `json:",inline"`
	Kind           StoreKind `json:"kind"`
	Image          string    `json:"image,omitempty"`
	Endpoint       string    `json:"endpoint,omitempty"`
	Bucket         string    `json:"bucket,omitempty"`
	// Capacity is the size of its claim; empty when it has none, and then its
	// data is deleted with its pod, or when it is unknown.
	Capacity     string `json:"capacity,omitempty"`
	StorageClass string `json:"storageClass,omitempty"`
	// Objects and Bytes are counted; Partial when there are more. They are
	// left out when the store cannot be asked.
	Objects *int64 `json:"objects,omitempty"`
	Bytes   *int64 `json:"bytes,omitempty"`
	Partial bool   `json:"partial,omitempty"`
}
