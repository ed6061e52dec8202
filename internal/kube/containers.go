package kube

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

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
	// ContainerUser is the init container that reports the user of the user's
	// image.
	ContainerUser = "vast-user"
)

// IsOurs reports, by its name, a container that we have put into a user's pod.
func IsOurs(name string) bool {
	return slices.Contains([]string{ContainerFetch, ContainerKeep, ContainerTools, ContainerUser}, name)
}

// Unpriced is the resources of our own containers: requests of 0, so that a pod
// costs what its file requests, to the scheduler, in queues and in quotas. They
// are explicit: a ResourceQuota requires every container to name what it
// counts, and a LimitRange sets its defaults where nothing is named. A limit of
// 0 is none.
//
// Disk space has no 0 here: the kubelet evicts a pod that is over such a limit.
func Unpriced() corev1.ResourceRequirements {
	none := func() corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.Quantity{Format: resource.DecimalSI}, corev1.ResourceMemory: resource.Quantity{Format: resource.BinarySI}}
	}
	return corev1.ResourceRequirements{Requests: none(), Limits: none()}
}

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
	// OutputsMark goes before the line of a file of variables and what is wrong there:
	// "vast:outputs:3:form".
	OutputsMark = "vast:outputs:"
	// ArchMark goes before the machine of the kernel, as uname has it: "vast:arch:x86_64".
	ArchMark = "vast:arch:"
)

// Lines of the launcher's in the log of the user's container begin with
// LauncherPrefix, and with LauncherWaits behind it while nodes wait for others.
const (
	LauncherPrefix = "vast: "
	LauncherWaits  = "waits for "
)
