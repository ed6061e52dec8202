package spec

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/contexts"
)

// Kind is what a file describes.
type Kind string

const (
	KindTask     Kind = "task"
	KindPipeline Kind = "pipeline"
	KindJobGroup Kind = "job-group"
	KindVolume   Kind = "volume"
	KindWorkflow Kind = "workflow"
)

// File is one validated file.
type File struct {
	// Path is the file as the user named it ("-" for standard input).
	Path string
	Kind Kind
	// Name is that of the pipeline or job group.
	Name string
	// Tasks has one entry for a task, several for a pipeline or job group,
	// none for a volume.
	Tasks  []*Task
	Volume *Volume
	// Ignored are the paths of the header's fields that have no meaning here,
	// sorted. Tasks and volumes have their own.
	Ignored []string
	// Claims are the contexts that infra names, each once. There is always
	// one: with an empty context when the file is for any cluster.
	Claims []contexts.Claim
}

// Task is one validated task document: defaults filled in, inputs resolved,
// environment variables substituted.
type Task struct {
	Source Source
	// Name as the user wrote it; empty when there is none.
	Name     string
	NumNodes int
	Setup    string
	Run      string
	// Envs and Secrets in the file's order, the inputs that only the
	// command line names behind them.
	Envs    []EnvVar
	Secrets []EnvVar
	// Resources holds the acceptable candidates, at least one, best first.
	// Without any_of, ordered or several accelerators it is just one.
	Resources []Resources
	Volumes   []VolumeMount
	// Workdir and FileMounts as they are written: package inputs looks for
	// what they name.
	Workdir    *Workdir
	FileMounts []FileMount
	// Outputs are paths that are kept beside $OUTPUT_DIR, clean: relative
	// ones lie in the workdir, absolute ones are folders.
	Outputs []string
	// BarrierTimeout is how long a node whose setup has ended waits for the
	// others; 0 for the default.
	BarrierTimeout time.Duration
	// Queue is the LocalQueue that the task requests, by
	// config.kubernetes.kueue.local_queue_name or by Kueue's label in
	// resources.labels or pod_config, which it is taken out of; empty for the
	// default one. QueuePriority is the WorkloadPriorityClass, by Kueue's label.
	Queue         string
	QueuePriority string `json:",omitempty"`
	// PodConfig is config.kubernetes.pod_config, a partial pod, as plain
	// YAML values with string keys.
	PodConfig map[string]any
	// PodConfigAt is its position, and PodConfigPlaces has the position of each
	// value in it, by its path below it: "spec.containers[0].name".
	// PodConfigKeys are the positions of the keys.
	PodConfigAt     Position
	PodConfigPlaces map[string]Position `json:"-"`
	PodConfigKeys   map[string]Position `json:"-"`
	// Arch are the architectures of nodes that the task may run on, in Kubernetes'
	// words; empty for any. Only a workflow sets it.
	Arch []string `json:",omitempty"`
	// Ignored are the paths of the fields that have no meaning here, sorted.
	Ignored []string
}

// PodConfigPlace returns the position in the file of the value at a path below
// pod_config. A path that is not in the file has the position of the nearest
// value above it.
func (t *Task) PodConfigPlace(path string) Position {
	for path != "" {
		if at, ok := t.PodConfigPlaces[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return t.PodConfigAt
}

// PodConfigKey returns the position in the file of the key at a path below
// pod_config.
func (t *Task) PodConfigKey(path string) Position {
	if at, ok := t.PodConfigKeys[path]; ok {
		return at
	}
	return t.PodConfigPlace(path)
}

// Idle reports a task that has nothing to run.
func (t *Task) Idle() bool { return strings.TrimSpace(t.Run+t.Setup) == "" }

// Source is the file and the position in it where a task begins.
type Source struct {
	File string
	// Line counts from 1 and is that of the document's first key.
	Line int
}

// Position is a place in a file; both count from 1.
type Position struct{ Line, Column int }

// EnvVar is one environment variable.
type EnvVar struct{ Name, Value string }

// Resources is one acceptable set of resources for each node of a task.
type Resources struct {
	CPUs             *Amount
	Memory           *Amount
	EphemeralStorage *Amount
	Accelerator      *Accelerator
	// Image is the container image, without SkyPilot's "docker:" prefix;
	// empty for the default one.
	Image string
	// Context is the context that infra: k8s/<context> names.
	Context       string
	Labels        map[string]string
	Ports         []Port
	Priority      *int32
	PriorityClass string
}

// Amount is a quantity per node. AtLeast is the "+" of "4+": a request
// without a limit.
type Amount struct {
	Quantity resource.Quantity
	AtLeast  bool
}

// Accelerator is a number of devices of one model on each node.
type Accelerator struct {
	// Name as the user wrote it ("H100", "A100-80GB", "tpu-v5p-8"); empty
	// when any model will do (k8s-cli's accelerators: "1").
	Name string
	// Count is per node. Kubernetes gives whole devices: round it up.
	Count float64
	// MinMemory is the least device memory that "80GB" or "40GB+" requests, in
	// bytes; if ExactMemory is true, devices with more do not fit.
	MinMemory   int64
	ExactMemory bool
	// Vendor of a memory form ("NVIDIA:40GB+"), else empty.
	Vendor string
}

// Port is one port or a range of them, both ends included.
type Port struct{ First, Last int32 }

// VolumeMount is one entry of volumes.
type VolumeMount struct {
	// Path in the container, absolute.
	Path string
	// Volume is the user's name of the volume, or a claim's name. It is
	// empty when the volume is Ephemeral.
	Volume  string
	SubPath string
	// Ephemeral is created and deleted with the task.
	Ephemeral *Volume
	// Line of the entry in the file.
	Line, Column int
}

// Workdir is the folder that the task starts in: a local one, or a git
// repository at a branch, a tag or a commit.
type Workdir struct {
	Local    string
	URL, Ref string
	// At is its position.
	At Position
}

// FileMount is one entry of file_mounts.
type FileMount struct {
	Path string
	// Source is a local path or a URI; Storage the long form.
	Source  string
	Storage map[string]any
	// At is the position of the source.
	At Position
}

// Volume is a volume file, or an ephemeral volume of a task.
type Volume struct {
	Source Source
	Name   string
	// Type is "k8s-pvc" or "k8s-hostpath".
	Type         string
	Size         *resource.Quantity
	StorageClass string
	// AccessModes are those of the claim; never empty after parsing.
	AccessModes []string
	Labels      map[string]string
	UseExisting bool
	Context     string
	Namespace   string
	HostPath    string
	// CleanupOnDeletion reports whether the claim's data is deleted with the
	// volume.
	CleanupOnDeletion *bool
	Ignored           []string
}

// Inputs is what the command line adds to a file.
type Inputs struct {
	// Context is the kubeconfig's context that --context names, for fields
	// of resources that have a value per cluster; empty when it is not
	// given. Where infra names a context, that one counts.
	Context string
	// Envs and Secrets override, or fill in, those of every task.
	Envs    map[string]string
	Secrets map[string]string
	// Overrides, in the syntax of the file's field; empty leaves it alone.
	Name     string
	NumNodes int
	Image    string
	CPUs     string
	Memory   string
	GPUs     string
	// Look says that a campaign is only looked at: an image, and values of
	// its env, that are not there are not missed.
	Look bool
	// Check returns the problems of a campaign that only the caller can find,
	// such as a type of variation that does not exist; nil if there are none.
	// It receives what could be read, also of a file with problems.
	Check func(*Campaign) []api.Problem
	// Read returns at most a little more than limit bytes of a file that a workflow
	// names; nil refuses such files.
	Read func(path string, limit int) ([]byte, error)
	// Lookup returns the variables of the environment that a workflow's runtime_env
	// names, usually os.LookupEnv; nil has none.
	Lookup func(name string) (string, bool)
}
