package agentspec

// The variables, beside EnvKeep and the store's, that contain the sidecar's
// location. All but the last come from the downward API.
const (
	EnvPodName      = "VAST_POD_NAME"
	EnvPodNamespace = "VAST_POD_NAMESPACE"
	EnvPodUID       = "VAST_POD_UID"
	EnvNodeName     = "VAST_NODE_NAME"
	// EnvJobUID is the pod's label batch.kubernetes.io/controller-uid.
	EnvJobUID = "VAST_JOB_UID"
	// EnvJobName is the pod's label batch.kubernetes.io/job-name.
	EnvJobName = "VAST_JOB_NAME"
	// EnvNodeRank is the pod's completion index; without it the rank is 0.
	EnvNodeRank = "VAST_NODE_RANK"
	// EnvScratch is the sidecar's own folder; ScratchDir without it.
	EnvScratch = "VAST_KEEP_DIR"
)

// ScratchDir is where the sidecar's own volume is mounted.
const ScratchDir = "/keep"

// WebhookDir is where a driver has the secrets of the run's webhooks: a file for each, whose
// name is its number.
const WebhookDir = "/var/run/kubevast/webhooks"

// RankPlaceholder is replaced by the rank, which only the pod has, in Keep's
// Prefix, Index and LogPrefix.
const RankPlaceholder = "{rank}"
