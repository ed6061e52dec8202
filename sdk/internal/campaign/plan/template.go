package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/spec"
)

// Where a run finds its things, as in RoboVAST's containers.
const (
	configDir = "/config"
	outDir    = "/out"
	ipcDir    = "/ipc"
	TmpDir    = "/tmp"
	// runsDir has one file for each packed run.
	runsDir = "_runs"
	// jobsDir is the output of packed runs that belongs to none of them.
	jobsDir = outDir + "/_jobs"
	// togetherDir is the folder in the result of the last of packed runs that
	// has
	togetherDir = "_job/"
	// restDir is the folder in a run's result for what was written to outDir
	// beside the runs' own folders.
	restDir = "_out/"
)

// jobTemplate is the Job that all Jobs of a campaign are copies of. What differs
// is in the environments of its containers.
type jobTemplate struct {
	job *batchv1.Job
	// identity is a hash of what is the same for all.
	identity string
	// The orders of our own containers, and where they stand.
	fetch           agentspec.Fetch
	keep            agentspec.Keep
	fetchAt, keepAt int
}

// newTemplate makes it by the same rules as a task's Job.
func newTemplate(e *spec.Execution, r *layout.Record) (*jobTemplate, []string, error) {
	in, err := templateInput(e, r)
	if err != nil {
		return nil, nil, err
	}
	objects, err := manifest.Build(*in)
	if err != nil {
		return nil, nil, err
	}
	if len(objects.Helpers) > 0 {
		return nil, nil, fmt.Errorf("a run needs nothing but its Job, yet %d more objects were made", len(objects.Helpers))
	}
	t := &jobTemplate{job: objects.Job, fetchAt: -1, keepAt: -1}
	pod := &t.job.Spec.Template.Spec
	pod.NodeSelector = e.NodeLabels
	for i := range pod.Containers {
		finishEnv(&pod.Containers[i], "")
	}
	for i := range pod.InitContainers {
		c := &pod.InitContainers[i]
		switch c.Name {
		case kube.ContainerFetch:
			t.fetchAt, err = i, decode(c, agentspec.EnvFetch, &t.fetch)
		case kube.ContainerKeep:
			t.keepAt, err = i, decode(c, agentspec.EnvKeep, &t.keep)
		default:
			finishEnv(c, c.Name)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if t.fetchAt < 0 || t.keepAt < 0 {
		return nil, nil, fmt.Errorf("the pod of a run lacks %s or %s", kube.ContainerFetch, kube.ContainerKeep)
	}
	return t, objects.Warnings, t.identify()
}

// change changes the Job and leaves alone whoever has it already.
func (t *jobTemplate) change(f func(*batchv1.Job)) error {
	t.job = t.job.DeepCopy()
	f(t.job)
	return t.identify()
}

func (t *jobTemplate) identify() error {
	data, err := json.Marshal(t.job)
	if err != nil {
		return fmt.Errorf("encode the Job of a run: %w", err)
	}
	t.identity = kube.Hash(string(data))
	return nil
}

func templateInput(e *spec.Execution, r *layout.Record) (*manifest.Input, error) {
	resources, err := taskResources(e, r)
	if err != nil {
		return nil, err
	}
	in := &manifest.Input{
		Task: &spec.Task{Source: spec.Source{File: r.File, Line: 1}, Name: r.ID, NumNodes: 1, Run: runScript,
			Envs: commonEnv(e, r), Secrets: withoutValues(e.Secrets), Resources: []spec.Resources{resources}},
		ID: "template", Namespace: r.Namespace, User: r.User,
		TTL: time.Duration(r.KeepSeconds) * time.Second, Deadline: time.Duration(e.TimeoutSeconds) * time.Second,
		Profile: manifest.Profile(r.Profile), Queue: r.Queue, QueuePriority: r.Priority,
		Kind:        kube.KindRun,
		Labels:      map[string]string{kube.LabelCampaign: kube.LabelValue(r.ID)},
		Annotations: map[string]string{kube.AnnotationCampaign: r.ID},
		SecretName:  record.SecretName(r.ID),
		RunAsUser:   &e.RunAsUser,
		AgentImage:  r.AgentImage,
		Files:       []manifest.Files{{Path: configDir, ReadOnly: true, Sources: []agentspec.Item{{Pack: layout.InputKey(r.Inputs)}}}},
		OutputDir:   outDir,
		SharedDirs:  []string{ipcDir, TmpDir},
		Results:     &agentspec.Keep{Results: []agentspec.Result{{}}},
	}
	if r.Inputs == "" {
		// A place for what each Job adds.
		in.Files[0].Sources = []agentspec.Item{{Text: "-", To: ".vast"}}
	}
	for _, c := range e.Secondary {
		second, err := secondary(e, r, c)
		if err != nil {
			return nil, err
		}
		in.Secondary = append(in.Secondary, second)
	}
	return in, nil
}

func secondary(e *spec.Execution, r *layout.Record, c spec.Secondary) (manifest.Secondary, error) {
	list, err := resourceList(r.File, "execution.secondary_containers."+c.Name, c.CPU, c.Memory, c.GPU)
	if err != nil {
		return manifest.Secondary{}, err
	}
	out := manifest.Secondary{Name: c.Name, Image: e.Image, Script: c.Command,
		Resources: corev1.ResourceRequirements{Requests: list, Limits: list}}
	if out.Script == "" {
		out.Script = secondaryScript
	}
	return out, nil
}

// taskResources are requests and limits alike, so that a run gets what it
// requests and uses no more.
func taskResources(e *spec.Execution, r *layout.Record) (spec.Resources, error) {
	out := spec.Resources{Image: e.Image}
	list, err := resourceList(r.File, "execution", e.CPU, e.Memory, 0)
	if err != nil {
		return out, err
	}
	if q, ok := list[corev1.ResourceCPU]; ok {
		out.CPUs = &spec.Amount{Quantity: q}
	}
	if q, ok := list[corev1.ResourceMemory]; ok {
		out.Memory = &spec.Amount{Quantity: q}
	}
	if e.GPU > 0 {
		out.Accelerator = &spec.Accelerator{Count: float64(e.GPU)}
	}
	return out, nil
}

const gpuResource = "nvidia.com/gpu"

func resourceList(file, path, cpu, memory string, gpu int) (corev1.ResourceList, error) {
	list := corev1.ResourceList{}
	var errs []error
	for name, text := range map[corev1.ResourceName]string{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory} {
		if text == "" {
			continue
		}
		q, err := resource.ParseQuantity(text)
		if err != nil {
			errs = append(errs, &api.InvalidSpecError{Problems: []api.Problem{{File: file, Path: fmt.Sprintf("%s.resources.%s", path, name),
				Message: fmt.Sprintf("%q is no quantity: %v", text, err)}}})
		}
		list[name] = q
	}
	if gpu > 0 {
		list[gpuResource] = *resource.NewQuantity(int64(gpu), resource.DecimalSI)
	}
	return list, api.JoinInvalid(errs...)
}

// withoutValues are variables without their values, which the Jobs only refer to.
func withoutValues(secrets []string) []spec.EnvVar {
	var out []spec.EnvVar
	for _, name := range secrets {
		out = append(out, spec.EnvVar{Name: name})
	}
	return out
}

// commonEnv are the variables that all runs have alike: the file's, then ours.
func commonEnv(e *spec.Execution, r *layout.Record) []spec.EnvVar {
	env := slices.Clone(e.Envs)
	add := func(name, value string) { env = append(env, spec.EnvVar{Name: name, Value: value}) }
	add("CAMPAIGN_ID", r.ID)
	add("SCENARIO_OUTPUT_DIR", outDir)
	if e.ScenarioFile != "" {
		add("SCENARIO_FILE", e.ScenarioFile)
	}
	if e.PreCommand != "" {
		add("PRE_COMMAND", e.PreCommand)
	}
	if e.PostCommand != "" {
		add("POST_COMMAND", e.PostCommand)
	}
	switch {
	case e.Command != "":
		add(envCommand, e.Command)
	case !slices.ContainsFunc(e.Envs, func(v spec.EnvVar) bool { return v.Name == "SCENARIO_EXECUTION_PARAMETERS" }):
		add("SCENARIO_EXECUTION_PARAMETERS", "-t") // the tree in the log, as RoboVAST has it
	}
	return env
}

// perJob are the variables of a template that each Job has of its own.
var perJob = []string{"OUTPUT_DIR", "VAST_TASK_ID", "SKYPILOT_TASK_ID"}

// finishEnv takes out what each Job adds, and adds what needs more than a text.
func finishEnv(c *corev1.Container, secondary string) {
	c.Env = slices.DeleteFunc(c.Env, func(e corev1.EnvVar) bool { return slices.Contains(perJob, e.Name) })
	limit := func(name, resource string) corev1.EnvVar {
		return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: resource}}}
	}
	c.Env = append(c.Env, limit("AVAILABLE_CPUS", "limits.cpu"), limit("AVAILABLE_MEM", "limits.memory"))
	if secondary != "" {
		c.Env = append(c.Env, corev1.EnvVar{Name: "CONTAINER_NAME", Value: secondary})
	}
	c.Env = slices.Clip(c.Env) // each Job appends to it
}

// decode reads the orders in a variable of one of our containers.
func decode(c *corev1.Container, name string, into any) error {
	for _, e := range c.Env {
		if e.Name == name {
			return json.Unmarshal([]byte(strings.ReplaceAll(e.Value, "$$", "$")), into)
		}
	}
	return fmt.Errorf("container %s has no %s", c.Name, name)
}
