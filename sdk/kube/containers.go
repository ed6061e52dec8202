package kube

// The containers of a pod of ours, by name.
const (
	// ContainerTask is the user's.
	ContainerTask = "task"
	// ContainerFetch is the init container that brings the inputs.
	ContainerFetch = "vast-fetch"
	// ContainerKeep is the sidecar that saves results and logs.
	ContainerKeep = "vast-keep"
)

// What the launcher leaves in the termination message of the user's container:
// SetupMark while setup has not succeeded, OOMMark when the kernel has killed a
// process of a script that failed.
const (
	SetupMark = "vast:setup"
	OOMMark   = "vast:oom"
)
