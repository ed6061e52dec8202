package kube

import corev1 "k8s.io/api/core/v1"

// The containers of a pod of ours, by name.
const (
	// ContainerTask is the user's.
	ContainerTask = "task"
	// ContainerFetch is the init container that brings the inputs.
	ContainerFetch = "vast-fetch"
	// ContainerKeep is the sidecar that saves results and logs.
	ContainerKeep = "vast-keep"
	// ContainerTools is the init container that brings the agent to where the
	// user's sidecars run under it.
	ContainerTools = "vast-tools"
)

// IsSidecar reports a native sidecar: it runs beside the containers that decide
// how a pod ends, and Kubernetes ends it after them.
func IsSidecar(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// What the launcher leaves in the termination message of the user's container:
// SetupMark while setup has not succeeded, OOMMark when the kernel has killed a
// process of a script that failed. MissingMark goes before the ranks of the nodes
// that did not come ("vast:missing:1,2"), or "dns" when a node's own name did not.
const (
	SetupMark   = "vast:setup"
	OOMMark     = "vast:oom"
	MissingMark = "vast:missing:"
)

// Lines of the launcher's in the log of the user's container begin with
// LauncherPrefix, and with LauncherWaits behind it while nodes wait for others.
const (
	LauncherPrefix = "vast: "
	LauncherWaits  = "waits for "
)
