// Package manifest turns a validated task into the Kubernetes objects that run
// it. It is pure: the same input gives the same objects, and nothing is asked
// of a cluster.
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
	// DefaultImage is what a task runs in that names no image.
	DefaultImage = "python:3.13-slim"
	// Container is the name of the user's container in every pod.
	Container = kube.ContainerTask
	// DefaultMasterPort is the port that torch's launchers use by default.
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

// Input is all that a task's objects are made of.
type Input struct {
	Task      *spec.Task
	ID        string
	Namespace string
	// User as it is written; labels get a safe form of it.
	User string
	// Creator is whom the API server takes the user for; see AnnotationCreator.
	Creator string
	// Identity says what the task is to do; see AnnotationSpecHash.
	Identity string
	// Mounts are the task's volumes, resolved to claims.
	Mounts []Mount
	// TTL is how long the finished Job is kept.
	TTL      time.Duration
	Deadline time.Duration
	Profile  Profile
	// Network: NetworkNone cuts the pods off.
	Network Network
	// NodeLabels are the labels of the cluster's nodes, when they could be
	// read. They add GPU products that the built-in table does not know.
	NodeLabels []map[string]string
	// PriorityClass is the class that stands for the task's priority.
	PriorityClass string
	// Queue is the LocalQueue that the Job waits in; empty for none.
	// QueuePriority is the WorkloadPriorityClass that it has there.
	Queue, QueuePriority string

	// Kind is the value of kube.LabelKind; empty for kube.KindTask.
	Kind string
	// Labels and Annotations are added to the Job and its pods.
	Labels, Annotations map[string]string
	// SecretName names the Secret that has the task's secrets; it is made
	// elsewhere then. Empty: one goes with the Job.
	SecretName string
	// RunAsUser is the user of the user's containers; nil for the image's.
	RunAsUser *int64
	// AgentImage is the image of our own containers. Files and Results need it.
	AgentImage string
	// Files are brought into the pod before setup starts.
	Files []Files
	// OutputDir is $OUTPUT_DIR: an empty folder that what is to be kept is
	// written to. Results says how it is kept; nil keeps nothing.
	OutputDir string
	Results   *agentspec.Keep
	// SharedDirs are empty folders that all of the user's containers see.
	SharedDirs []string
	// Secondary containers run beside the main one, and end with it.
	Secondary []Secondary
}

// Files is one folder or file that the init container brings into the pod.
type Files struct {
	// Path in the user's containers: absolute, or beginning with "~/".
	Path string
	// File: it is one file, else a folder.
	File bool
	// Workdir: the task starts in it.
	Workdir  bool
	ReadOnly bool
	// Sources are brought one after the other. Their To is relative to Path;
	// empty for Path itself.
	Sources []agentspec.Item
	// Pack, if there is one, goes with the task as a ConfigMap, and the
	// source that has PackFile set (to anything) reads it.
	Pack []byte
}

// Secondary is a container beside the main one.
type Secondary struct {
	Name, Image string
	// Script is run by the same launcher as the main one's.
	Script    string
	Env       []corev1.EnvVar
	Resources corev1.ResourceRequirements
}

// Mount is one volume of a task, resolved to a claim or to be made with each
// pod.
type Mount struct {
	Path, SubPath string
	// Claim is empty for an ephemeral volume.
	Claim     string
	ReadOnly  bool
	Ephemeral *spec.Volume
	// Warning is for the user's eyes.
	Warning string
}

// Objects are the objects of one task. The Job owns the others.
type Objects struct {
	// Job as it is in the end. In a queue it is suspended until Kueue lets
	// it in.
	Job *batchv1.Job
	// Helpers must exist before the Job's pods start: a headless Service
	// for several nodes, Secrets, a ConfigMap for long scripts, a NetworkPolicy.
	Helpers  []runtime.Object
	Warnings []string
	// task says where in its file what stands in the Job comes from.
	task *spec.Task
}

// All returns the objects in an order in which they can be applied by hand.
func (o *Objects) All() []runtime.Object {
	return append(slices.Clone(o.Helpers), o.Job)
}

// Build makes the objects of a task. Everything that is wrong in the task
// comes back at once as *api.InvalidSpecError.
func Build(in Input) (*Objects, error) {
	if in.runsOurs() {
		if err := kube.CheckAgentImage(in.AgentImage); err != nil {
			return nil, err
		}
	}
	b := &builder{in: in, task: in.Task, name: kube.JobName(in.Task.Name, in.ID)}
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

// runsOurs reports whether containers of ours are in the pods.
func (in Input) runsOurs() bool { return len(in.Files) > 0 || in.Results != nil }

// Notice tells which image they run where neither given, which is what somebody
// asked for, nor its digest says that; else it is empty.
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
	// res is the candidate that the pods are made for; the accelerators of
	// alternatives are those of equal candidates.
	res           spec.Resources
	alternatives  []spec.Accelerator
	launch        launch
	helperObjects []runtime.Object
	warnings      []string
	// problems of pod_config that only show before it is merged in full.
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
	labels[kube.LabelUser] = kube.LabelValue(b.in.User) // also the empty one: a list of one's own asks for it
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
