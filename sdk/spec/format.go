package spec

import (
	"encoding/json"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/kubevast/vast/sdk/internal/percontext"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// The types of this file are the file format: the strict reader decodes into
// them, and the JSON Schema is generated from them, so that the two cannot
// drift. `vast:"ignored"` marks what is checked but has no meaning on a
// Kubernetes cluster; its path goes into Ignored.
//
// Source of the format: SkyPilot's task, resources, config and volume schemas
// (sky/utils/schemas.py), and the subset that k8s-cli documents.

var textType = reflect.TypeFor[string]()

// taskFile is a task document.
type taskFile struct {
	Name       yamlfile.At[string]                                     `json:"name,omitempty" jsonschema:"description=Name of the task: letters and digits; '.' '_' and '-' between them"`
	NumNodes   yamlfile.At[int]                                        `json:"num_nodes,omitempty" jsonschema:"minimum=1,maximum=10000,description=Number of nodes; every node runs the same script"`
	Envs       envField                                                `json:"envs,omitempty" jsonschema:"description=Environment variables; null means that the value is given when the file is submitted"`
	Secrets    secretField                                             `json:"secrets,omitempty" jsonschema:"description=Like envs but kept in a Secret; null means that the value is given when the file is submitted"`
	Resources  resourcesFile                                           `json:"resources,omitempty" jsonschema:"description=What each node needs"`
	Volumes    yamlfile.Deferred[volumesFile]                          `json:"volumes,omitempty" jsonschema:"description=Volumes by mount path"`
	Workdir    yamlfile.Deferred[yamlfile.Either[string, workdirFile]] `json:"workdir,omitempty" jsonschema:"description=Folder or git repository that the task starts in"`
	FileMounts yamlfile.Deferred[fileMountsFile]                       `json:"file_mounts,omitempty" jsonschema:"description=Local files or buckets by path in the task"`
	Setup      yamlfile.At[string]                                     `json:"setup,omitempty" jsonschema:"description=Script that every node runs first"`
	Run        yamlfile.At[string]                                     `json:"run,omitempty" jsonschema:"description=Script that every node runs"`
	Outputs    outputsFile                                             `json:"outputs,omitempty" jsonschema:"description=Paths that are kept beside $OUTPUT_DIR: in the workdir, or absolute folders"`
	Barrier    yamlfile.At[int]                                        `json:"barrier_timeout,omitempty" jsonschema:"minimum=1,maximum=31536000,description=Seconds that a node whose setup has ended waits for the other nodes; 3600 without it"`
	Config     configFile                                              `json:"config,omitempty" jsonschema:"description=Settings of single clouds; kubernetes.pod_config is used"`

	EventCallback    string             `json:"event_callback,omitempty" vast:"ignored"`
	APIServerAccess  bool               `json:"api_server_access,omitempty" vast:"ignored"`
	ManagedSecrets   []managedSecret    `json:"managed_secrets,omitempty" vast:"ignored"`
	Inputs           map[string]float64 `json:"inputs,omitempty" vast:"ignored"`
	VolumeMounts     []volumeMountFile  `json:"volume_mounts,omitempty" vast:"ignored"`
	FileMountMapping map[string]any     `json:"file_mounts_mapping,omitempty" vast:"ignored"`
	Metadata         map[string]any     `json:"_metadata,omitempty" vast:"ignored"`
}

func (taskFile) Unknown(key string) string {
	switch key {
	case "experimental":
		return `unknown field; "experimental.config_overrides" is called "config" now`
	case "command", "cmd", "script", "args":
		return `unknown field; the script goes into "run"`
	case "image":
		return `unknown field; the image goes into "resources.image_id"`
	case "cpus", "memory", "accelerators", "gpus", "image_id", "ports", "labels", "infra", "priority":
		return `unknown field; it belongs under "resources"`
	case "kind", "tasks":
		return `unknown field; a workflow of tasks begins with "kind: Workflow"`
	}
	return ""
}

type (
	managedSecret      = yamlfile.Either[string, map[string]managedSecretMount]
	managedSecretMount struct {
		MountPath string `json:"mount_path,omitempty"`
	}
	// volumeMountFile is what SkyPilot writes into its own copies of a task.
	volumeMountFile struct {
		Path         string         `json:"path,omitempty"`
		VolumeName   string         `json:"volume_name,omitempty"`
		IsEphemeral  bool           `json:"is_ephemeral,omitempty"`
		SubPath      string         `json:"sub_path,omitempty"`
		VolumeConfig map[string]any `json:"volume_config,omitempty"`
	}
	workdirFile struct {
		URL string `json:"url" jsonschema:"required,minLength=1"`
		Ref string `json:"ref,omitempty"`
	}
)

// candidateFile is one set of resources. resources itself is one, and each
// entry of any_of and ordered.
type candidateFile struct {
	Infra            infraField          `json:"infra,omitempty" jsonschema:"description=k8s or k8s/<context>; other clouds are ignored"`
	CPUs             cpuField            `json:"cpus,omitempty" jsonschema:"description=4 or 500m; 4+ for at least 4"`
	Memory           memoryField         `json:"memory,omitempty" jsonschema:"description=16 (GB) or 512Mi; 16+ for at least 16"`
	Accelerators     acceleratorField    `json:"accelerators,omitempty" jsonschema:"description=H100:8; a set or a list for several candidates"`
	GPUs             acceleratorField    `json:"gpus,omitempty" jsonschema:"description=The same as accelerators"`
	EphemeralStorage sizeField           `json:"ephemeral_storage,omitempty" jsonschema:"description=Disk space in the node's own storage"`
	ImageID          imageField          `json:"image_id,omitempty" jsonschema:"description=Container image"`
	Ports            portsField          `json:"ports,omitempty" jsonschema:"description=Ports and ranges of ports"`
	Labels           labelsField         `json:"labels,omitempty" jsonschema:"description=Labels of the pods"`
	Priority         yamlfile.At[int]    `json:"priority,omitempty" jsonschema:"minimum=-1000,maximum=1000"`
	PriorityClass    yamlfile.At[string] `json:"priority_class,omitempty" jsonschema:"minLength=1"`

	Cloud           cloudField                                                      `json:"cloud,omitempty"`
	Region          yamlfile.At[string]                                             `json:"region,omitempty"`
	Zone            yamlfile.At[string]                                             `json:"zone,omitempty" vast:"ignored"`
	AcceleratorArgs acceleratorArgs                                                 `json:"accelerator_args,omitempty" vast:"ignored"`
	InstanceType    string                                                          `json:"instance_type,omitempty" vast:"ignored"`
	UseSpot         bool                                                            `json:"use_spot,omitempty" vast:"ignored"`
	MaxHourlyCost   float64                                                         `json:"max_hourly_cost,omitempty" vast:"ignored" jsonschema:"exclusiveMinimum=0"`
	JobRecovery     yamlfile.Either[string, jobRecovery]                            `json:"job_recovery,omitempty" vast:"ignored"`
	DiskSize        sizeField                                                       `json:"disk_size,omitempty" vast:"ignored"`
	DiskTier        string                                                          `json:"disk_tier,omitempty" vast:"ignored" jsonschema:"enum=low,enum=medium,enum=high,enum=ultra,enum=best,enum=none"`
	NetworkTier     string                                                          `json:"network_tier,omitempty" vast:"ignored" jsonschema:"enum=standard,enum=best"`
	LocalDisk       string                                                          `json:"local_disk,omitempty" vast:"ignored"`
	Autostop        yamlfile.Either[bool, yamlfile.Either[durationField, autostop]] `json:"autostop,omitempty" vast:"ignored"`
	Volumes         []map[string]any                                                `json:"volumes,omitempty" vast:"ignored"`

	NoMissingAccelWarnings bool           `json:"_no_missing_accel_warnings,omitempty" vast:"ignored"`
	DockerLogin            map[string]any `json:"_docker_login_config,omitempty" vast:"ignored"`
	IsImageManaged         bool           `json:"_is_image_managed,omitempty" vast:"ignored"`
	RequiresFuse           bool           `json:"_requires_fuse,omitempty" vast:"ignored"`
	ConfigOverrides        map[string]any `json:"_cluster_config_overrides,omitempty" vast:"ignored"`
}

func (candidateFile) Unknown(key string) string {
	switch key {
	case "spot_recovery":
		return `unknown field; it is called "job_recovery" now`
	case "any_of", "ordered":
		return "cannot stand inside any_of or ordered"
	case "image":
		return `unknown field; did you mean "image_id"?`
	}
	return ""
}

// resourcesFile is a task's resources.
type resourcesFile struct {
	candidateFile
	AnyOf   yamlfile.At[[]candidateEntry] `json:"any_of,omitempty" jsonschema:"description=Candidates of which any will do; each overrides the fields above"`
	Ordered yamlfile.At[[]candidateEntry] `json:"ordered,omitempty" jsonschema:"description=Candidates in the order of preference"`
}

// candidateEntry is an entry of any_of or ordered.
type candidateEntry = yamlfile.At[candidateFile]

type (
	acceleratorArgs struct {
		RuntimeVersion    string `json:"runtime_version,omitempty"`
		TPUName           string `json:"tpu_name,omitempty"`
		TPUVM             bool   `json:"tpu_vm,omitempty"`
		GCPQueuedResource bool   `json:"gcp_queued_resource,omitempty"`
	}
	jobRecovery struct {
		Strategy            string                                `json:"strategy,omitempty"`
		MaxRestartsOnErrors int                                   `json:"max_restarts_on_errors,omitempty" jsonschema:"minimum=0"`
		RecoverOnExitCodes  yamlfile.Either[exitCode, []exitCode] `json:"recover_on_exit_codes,omitempty" jsonschema:"uniqueItems=true"`
	}
	autostop struct {
		IdleMinutes int    `json:"idle_minutes,omitempty" jsonschema:"minimum=0"`
		Down        bool   `json:"down,omitempty"`
		WaitFor     string `json:"wait_for,omitempty" jsonschema:"enum=jobs_and_ssh,enum=jobs,enum=none"`
		Hook        string `json:"hook,omitempty"`
		HookTimeout int    `json:"hook_timeout,omitempty" jsonschema:"minimum=1"`
	}
)

// configFile is a task's config: settings that SkyPilot keeps per cloud.
type configFile struct {
	Kubernetes kubernetesConfig `json:"kubernetes,omitempty"`

	Docker          dockerConfig    `json:"docker,omitempty" vast:"ignored"`
	NvidiaGPUs      nvidiaConfig    `json:"nvidia_gpus,omitempty" vast:"ignored"`
	SSH             sshConfig       `json:"ssh,omitempty" vast:"ignored"`
	GCP             gcpConfig       `json:"gcp,omitempty" vast:"ignored"`
	Azure           azureConfig     `json:"azure,omitempty" vast:"ignored"`
	Slurm           slurmConfig     `json:"slurm,omitempty" vast:"ignored"`
	Vast            vastCloudConfig `json:"vast,omitempty" vast:"ignored"`
	ActiveWorkspace string          `json:"active_workspace,omitempty" vast:"ignored"`
	Hooks           []hook          `json:"hooks,omitempty" vast:"ignored" jsonschema:"maxItems=32"`
}

type (
	kubernetesConfig struct {
		PodConfig map[string]any `json:"pod_config,omitempty" jsonschema:"description=A partial Pod that is merged into the task's"`

		CustomMetadata       metadataField                                                 `json:"custom_metadata,omitempty" vast:"ignored"`
		ProvisionTimeout     int                                                           `json:"provision_timeout,omitempty" vast:"ignored"`
		Kueue                kueueConfig                                                   `json:"kueue,omitempty"`
		Quota                map[string]any                                                `json:"quota,omitempty" vast:"ignored"`
		DWS                  dwsConfig                                                     `json:"dws,omitempty" vast:"ignored"`
		RemoteIdentity       yamlfile.Either[string, map[string]string]                    `json:"remote_identity,omitempty" vast:"ignored"`
		SetPodResourceLimits yamlfile.Either[bool, float64]                                `json:"set_pod_resource_limits,omitempty" vast:"ignored" jsonschema:"minimum=1"`
		EnableDocker         yamlfile.Either[bool, yamlfile.Either[dockerMode, dockerObj]] `json:"enable_docker,omitempty" vast:"ignored"`
	}
	kueueConfig struct {
		LocalQueueName   string `json:"local_queue_name,omitempty"`
		AdmissionTimeout int    `json:"admission_timeout,omitempty" vast:"ignored"`
	}
	dwsConfig struct {
		Enabled        bool          `json:"enabled,omitempty"`
		MaxRunDuration durationField `json:"max_run_duration,omitempty"`
	}
	dockerObj struct {
		Mode        string `json:"mode" jsonschema:"required,enum=ALL,enum=BUILD"`
		CacheVolume string `json:"cache_volume,omitempty"`
	}
	dockerConfig struct {
		RunOptions yamlfile.Either[string, []string] `json:"run_options,omitempty"`
	}
	nvidiaConfig struct {
		DisableECC bool `json:"disable_ecc,omitempty"`
	}
	sshConfig struct {
		PodConfig        map[string]any `json:"pod_config,omitempty"`
		CustomMetadata   metadataField  `json:"custom_metadata,omitempty"`
		ProvisionTimeout int            `json:"provision_timeout,omitempty"`
	}
	gcpConfig struct {
		ManagedInstanceGroup instanceGroup                     `json:"managed_instance_group,omitempty"`
		EnableGVNIC          bool                              `json:"enable_gvnic,omitempty"`
		EnableGPUDirect      bool                              `json:"enable_gpu_direct,omitempty"`
		PlacementPolicy      string                            `json:"placement_policy,omitempty"`
		VPCName              string                            `json:"vpc_name,omitempty"`
		SubnetNames          yamlfile.Either[string, []string] `json:"subnet_names,omitempty"`
	}
	instanceGroup struct {
		RunDuration      int `json:"run_duration" jsonschema:"required"`
		ProvisionTimeout int `json:"provision_timeout,omitempty"`
	}
	azureConfig struct {
		VPCName        string                                       `json:"vpc_name,omitempty"`
		RemoteIdentity yamlfile.Either[string, []map[string]string] `json:"remote_identity,omitempty"`
	}
	slurmConfig struct {
		SbatchOptions map[string]any `json:"sbatch_options,omitempty"`
		CPUPartition  string         `json:"cpu_partition,omitempty"`
	}
	vastCloudConfig struct {
		DatacenterOnly       bool           `json:"datacenter_only,omitempty"`
		CreateInstanceKwargs map[string]any `json:"create_instance_kwargs,omitempty"`
	}
	hook struct {
		Run     string   `json:"run" jsonschema:"required,minLength=1,maxLength=16384"`
		Events  []string `json:"events,omitempty" jsonschema:"minItems=1,uniqueItems=true,enum=stop,enum=preemption,enum=down"`
		Timeout int      `json:"timeout,omitempty" jsonschema:"minimum=1"`
	}
)

// volumeFile is a volume document.
type volumeFile struct {
	Name         yamlfile.At[string] `json:"name" jsonschema:"required"`
	Type         yamlfile.At[string] `json:"type" jsonschema:"required,enum=k8s-pvc,enum=k8s-hostpath,enum=runpod-network-volume"`
	Infra        infraField          `json:"infra,omitempty"`
	Size         sizeField           `json:"size,omitempty"`
	UseExisting  bool                `json:"use_existing,omitempty"`
	Labels       labelsField         `json:"labels,omitempty"`
	Config       volumeConfigFile    `json:"config,omitempty"`
	ResourceName string              `json:"resource_name,omitempty" vast:"ignored"`
}

type volumeConfigFile struct {
	StorageClassName  string              `json:"storage_class_name,omitempty"`
	AccessMode        yamlfile.At[string] `json:"access_mode,omitempty" jsonschema:"enum=ReadWriteOnce,enum=ReadWriteOncePod,enum=ReadWriteMany,enum=ReadOnlyMany"`
	Namespace         string              `json:"namespace,omitempty"`
	HostPath          yamlfile.At[string] `json:"host_path,omitempty"`
	CleanupOnDeletion *bool               `json:"cleanup_on_deletion,omitempty"`
}

// namedVolume and ephemeralVolume are the long forms of an entry of volumes.
type (
	namedVolume struct {
		Name    yamlfile.At[string] `json:"name" jsonschema:"required"`
		SubPath yamlfile.At[string] `json:"sub_path,omitempty"`
	}
	ephemeralVolume struct {
		Size   sizeField           `json:"size" jsonschema:"required"`
		Type   yamlfile.At[string] `json:"type,omitempty" jsonschema:"enum=k8s-pvc"`
		Labels labelsField         `json:"labels,omitempty"`
		Config volumeConfigFile    `json:"config,omitempty"`
	}
)

// storageFile is the long form of a file mount.
type storageFile struct {
	Name         string                            `json:"name,omitempty"`
	Source       yamlfile.Either[string, []string] `json:"source,omitempty"`
	Store        string                            `json:"store,omitempty" jsonschema:"enum=s3,enum=gcs,enum=azure,enum=r2,enum=ibm,enum=oci,enum=nebius,enum=coreweave,enum=vastdata,enum=hf,enum=volume"`
	Persistent   bool                              `json:"persistent,omitempty"`
	Mode         string                            `json:"mode,omitempty" jsonschema:"enum=MOUNT,enum=COPY,enum=MOUNT_CACHED"`
	MountOptions any                               `json:"mount_options,omitempty"`
	Type         string                            `json:"type,omitempty" jsonschema:"enum=MODEL_CHECKPOINT_RO,enum=MODEL_CHECKPOINT_RW,enum=DATASET_RO,enum=DATASET_RW"`
	Config       storageConfigFile                 `json:"config,omitempty"`
	ForceDelete  bool                              `json:"_force_delete,omitempty"`
	IsSkyManaged bool                              `json:"_is_sky_managed,omitempty"`
	BucketPath   string                            `json:"_bucket_sub_path,omitempty"`
}

type storageConfigFile struct {
	Mount       map[string]any `json:"mount,omitempty"`
	MountCached map[string]any `json:"mount_cached,omitempty"`
}

// headerFile is the first document of a pipeline or a job group.
type headerFile struct {
	Name             yamlfile.At[string]                                                   `json:"name,omitempty"`
	Execution        string                                                                `json:"execution,omitempty" jsonschema:"enum=serial,enum=parallel"`
	PrimaryTasks     yamlfile.At[[]yamlfile.At[string]]                                    `json:"primary_tasks,omitempty"`
	TerminationDelay yamlfile.At[yamlfile.Either[durationField, map[string]durationField]] `json:"termination_delay,omitempty"`
}

// JSONSchema returns the JSON Schema (draft 2020-12) of a task file, for
// editors. It is generated from the types that the parser reads. The parser is
// stricter than the schema: a schema cannot express rules between fields, or
// that the case of fixed words does not matter.
func JSONSchema() ([]byte, error) {
	s := yamlfile.SchemaOf[taskFile]()
	s.Version = jsonschema.Version
	s.Title = "kubevast task"
	return json.MarshalIndent(s, "", "  ")
}

// CampaignJSONSchema is JSONSchema for a campaign file (.vast).
func CampaignJSONSchema() ([]byte, error) {
	s := yamlfile.SchemaOf[campaignFile]()
	s.Version = jsonschema.Version
	s.Title = "kubevast campaign"
	s.Required = append([]string{"version"}, s.Required...)
	return json.MarshalIndent(s, "", "  ")
}

// JSONSchemaExtend lets every field of resources have a value per cluster.
func (candidateFile) JSONSchemaExtend(s *jsonschema.Schema) {
	one := uint64(1)
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if !percontext.MayDiffer(pair.Key) {
			continue
		}
		plain := *pair.Value
		plain.Description = ""
		list := &jsonschema.Schema{Type: "array", MinItems: &one, Items: &jsonschema.Schema{
			Type: "object", MinProperties: &one, MaxProperties: &one, AdditionalProperties: yamlfile.OrNull(&plain),
		}}
		pair.Value = &jsonschema.Schema{Description: pair.Value.Description, AnyOf: []*jsonschema.Schema{&plain, list}}
	}
}

// JSONSchemaExtend lets a variable stand where a fixed word would: they are
// substituted before the word is checked.
func (storageFile) JSONSchemaExtend(s *jsonschema.Schema) {
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if pair.Value.Enum != nil {
			words := *pair.Value
			pair.Value = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{&words, {Type: "string", Pattern: `\$`}}}
		}
	}
}
