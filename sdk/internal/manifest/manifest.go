// Package manifest builds the Kubernetes objects that run a validated task. It is pure:
// the same input gives the same objects, and it sends no request to a cluster.
package manifest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

const (
	// DefaultImage is the image of a task that names none.
	DefaultImage = "python:3.13-slim"
	// Container is the name of the user's container in every pod.
	Container = kube.ContainerTask
	// DefaultMasterPort is the default port of torch's launchers.
	DefaultMasterPort = "29500"
)

// Profile is a security profile of the pods.
type Profile string

const (
	Baseline   Profile = "baseline"
	Restricted Profile = "restricted"
	Privileged Profile = "privileged"
)

// Profiles lists the profiles, the default one first.
var Profiles = []Profile{Baseline, Restricted, Privileged}

// Input is all that a task's objects are built from.
type Input struct {
	Task *spec.Task
	ID   string
	// JobName overrides the name of the Job, which is made of the task's name and its ID.
	JobName   string
	Namespace string
	// User is the exact name; labels have a valid form of it.
	User string
	// Creator identifies the user to whom the API server attributes requests; see
	// kube.AnnotationCreator.
	Creator string
	// Identity is a hash of what the task does; see kube.AnnotationSpecHash.
	Identity string
	// Mounts are the task's volumes, resolved to claims.
	Mounts []Mount
	// TTL is how long the finished Job is kept.
	TTL      time.Duration
	Deadline time.Duration
	Profile  Profile
	// Network is NetworkNone to isolate the pods.
	Network Network
	// NodeLabels are the labels of the cluster's nodes, if they could be read. They
	// add GPU products that the built-in table does not have.
	NodeLabels []map[string]string
	// PriorityClass is the class with the value of the task's priority.
	PriorityClass string
	// Queue is the LocalQueue that the Job waits in; empty for none.
	// QueuePriority is the WorkloadPriorityClass that it has there.
	Queue, QueuePriority string

	// Kind is the value of kube.LabelKind; empty for kube.KindTask.
	Kind string
	// Labels and Annotations are added to the Job and its pods.
	Labels, Annotations map[string]string
	// SecretName names an existing Secret with the task's secrets. If it is empty, one
	// is built with the Job.
	SecretName string
	// RunAsUser is the user of the user's containers; nil for the image's.
	RunAsUser *int64
	// AgentImage is the image of our own containers, which Files and Results require.
	AgentImage string
	// Files are fetched into the pod before setup starts.
	Files []Files
	// OutputDir is $OUTPUT_DIR: an empty directory for results. Results configures
	// their upload; nil uploads nothing.
	OutputDir string
	Results   *agentspec.Keep
	// Variables is the path of a script, one of Files, that exports the variables that
	// other tasks have passed. Passes: the task passes variables to others.
	Variables string
	Passes    bool
	// Inputs is the path of the files that other tasks have passed, one of Files.
	Inputs string
	// SharedDirs are empty directories that all of the user's containers mount.
	SharedDirs []string
	// Secondary containers run beside the main one, and are terminated with it.
	Secondary []Secondary
}

// Files is one directory or file that the init container fetches into the pod.
type Files struct {
	// Path in the user's containers: absolute, or beginning with "~/".
	Path string
	// File: it is a file, not a directory.
	File bool
	// Workdir: the task starts in it.
	Workdir  bool
	ReadOnly bool
	// Sources are fetched in order. Their To is relative to Path; empty for Path
	// itself.
	Sources []agentspec.Item
	// Pack, if set, becomes a ConfigMap, which the source with a PackFile (of any
	// value) reads.
	Pack []byte
}

// Secondary is a container beside the main one.
type Secondary struct {
	Name, Image string
	// Script is run by the launcher, like that of the main container.
	Script    string
	Env       []corev1.EnvVar
	Resources corev1.ResourceRequirements
}

// Mount is one volume of a task: a claim, or an ephemeral volume of each pod.
type Mount struct {
	Path, SubPath string
	// Claim is empty for an ephemeral volume.
	Claim     string
	ReadOnly  bool
	Ephemeral *spec.Volume
	// Warning is for the user.
	Warning string
}

// Objects are the objects of one task. The Job owns the others.
type Objects struct {
	// Job in its final form. In a queue it is suspended until Kueue admits it.
	Job *batchv1.Job
	// Helpers must exist before the Job's pods start: a headless Service
	// for several nodes, Secrets, a ConfigMap for long scripts, a NetworkPolicy.
	Helpers  []runtime.Object
	Warnings []string
	// task has the positions in its file of what the Job contains.
	task *spec.Task
}

// All returns the objects in an order in which they can be applied.
func (o *Objects) All() []runtime.Object {
	return append(slices.Clone(o.Helpers), o.Job)
}

// Build returns the objects of a task. It returns all problems of the task at once as
// *api.InvalidSpecError.
func Build(in Input) (*Objects, error) {
	if in.runsOurs() {
		if err := kube.CheckAgentImage(in.AgentImage); err != nil {
			return nil, err
		}
	}
	b := &builder{in: in, task: in.Task, name: cmp.Or(in.JobName, kube.JobName(in.Task.Name, in.ID))}
	b.res = b.chooseResources()
	b.launch.skypilot = cmp.Or(in.Kind, kube.KindTask) == kube.KindTask // a run's file is not SkyPilot's
	if b.task.NumNodes > 1 {
		b.launch.hosts, b.launch.patience = b.name, b.task.BarrierTimeout
	}
	pod := b.pod()
	config := b.podConfig()
	b.checkReach(config)
	if err := b.mergePodConfig(&pod, config); err != nil {
		return nil, err
	}
	b.checkToken(&pod.Spec)
	b.sidecars(&pod.Spec)
	hostDNS(&pod.Spec)
	b.helpers(&pod.Spec)
	b.addOurs(&pod.Spec)
	tolerateDevices(&pod.Spec)
	if b.reachesStore() {
		pod.Labels[kube.LabelStoreClient] = "true"
	}
	if err := api.JoinInvalid(b.validate(&pod), b.checkNetwork(&pod.Spec)); err != nil {
		return nil, err
	}
	return &Objects{Job: b.job(pod), Helpers: b.helperObjects, Warnings: b.warnings, task: b.task}, nil
}

// runsOurs reports whether the pods have containers of ours.
func (in Input) runsOurs() bool { return len(in.Files) > 0 || in.Results != nil }

// Notice returns a message with the image of our containers, unless the user set it
// (given) or it has a digest; then it is empty.
func (in Input) Notice(given string) string {
	if !in.runsOurs() {
		return ""
	}
	return kube.AgentNotice(given, in.AgentImage)
}

// builder holds what the steps of Build share.
type builder struct {
	in   Input
	task *spec.Task
	name string
	// res is the candidate that the pods are built for; alternatives are the
	// accelerators of equivalent candidates.
	res           spec.Resources
	alternatives  []spec.Accelerator
	launch        launch
	helperObjects []runtime.Object
	warnings      []string
	// problems of pod_config that cannot be found after the merge.
	problems []api.Problem
}

func (b *builder) labels() map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, b.res.Labels)
	maps.Copy(labels, b.in.Labels)
	labels[kube.LabelKind] = cmp.Or(b.in.Kind, kube.KindTask)
	labels[kube.LabelTaskID] = b.in.ID
	if b.task.Name != "" {
		labels[kube.LabelTaskName] = kube.LabelValue(b.task.Name)
	}
	labels[kube.LabelUser] = kube.LabelValue(b.in.User) // even an empty one, which lists of the user's tasks select
	return labels
}

func (b *builder) annotations() map[string]string {
	annotations := map[string]string{
		kube.AnnotationTaskName: b.task.Name,
		kube.AnnotationUser:     b.in.User,
		// kubectl logs and exec then need no -c.
		"kubectl.kubernetes.io/default-container": Container,
	}
	maps.Copy(annotations, b.in.Annotations)
	return annotations
}
