package task

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/inputs"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/spec"
)

// Step is what a task of a workflow's run has besides its file and options.
type Step struct {
	// Run is the id of the run, Workflow the name of the workflow, Name that of the task
	// in it.
	Run, Workflow, Name string
	// Series are the names of all tasks of a pipeline or job group, in its order; nil for
	// other workflows.
	Series []string
	// Inputs are the outputs of other tasks of the run that the task gets: files in inputsDir,
	// and variables. Their Task is set here.
	Inputs []agentspec.Outputs
	// Passes: other tasks get variables from this one.
	Passes bool
	// Secret returns the name of the Secret of the run with some data.
	Secret func(kind corev1.SecretType, data map[string][]byte) string
}

// Draft is a task that is ready to be created.
type Draft struct {
	Objects *manifest.Objects
	files   *inputs.Plan
}

// Draft returns the objects of a task of a run as Submit would create them, after all of its
// checks. It creates nothing. The Job has the name and the id of the first attempt, and no
// TTL: it is deleted with the run. Secrets are not among the objects; step.Secret gets their
// data.
func (c *Client) Draft(ctx context.Context, t *spec.Task, o api.SubmitOptions, step Step) (*Draft, error) {
	s := newSubmission(c, t, o)
	s.step = &step
	err := s.do(ctx,
		s.check, s.readFiles, s.readCluster, s.readNamespace, s.requireCluster, s.setQueue, s.setIDs,
		s.setResults, s.setStep, s.build, s.finishStep, s.meetLimitRanges, s.checkFit,
	)
	if err != nil {
		return nil, err
	}
	return &Draft{Objects: s.objects, files: s.files}, nil
}

// Upload sends the files of a draft to the store, as Submit does.
func (c *Client) Upload(ctx context.Context, d *Draft, o api.SubmitOptions) error {
	return c.upload(ctx, d.files, o)
}

// setIDs sets the names of a run's task.
func (s *submission) setIDs(context.Context) error {
	s.input.ID, s.input.JobName = kube.StepID(s.step.Run, s.step.Name, 1), kube.StepName(s.step.Run, s.step.Name, 1)
	return nil
}

// setStep sets what the input of a run's task has.
func (s *submission) setStep(context.Context) error {
	in, step := &s.input, s.step
	in.Labels = map[string]string{kube.LabelWorkflow: step.Run, kube.LabelStep: kube.LabelValue(step.Name)}
	s.addAnnotations(map[string]string{kube.AnnotationWorkflow: step.Workflow, kube.AnnotationStep: step.Name})
	if len(step.Inputs) > 0 || step.Passes {
		passing, err := json.Marshal([]any{step.Inputs, step.Passes})
		if err != nil {
			return err
		}
		in.Identity = kube.Hash(in.Identity + "\x00" + string(passing))
	}
	if in.Results != nil {
		in.Results.Ref = layout.RefKey(in.ID, step.Run)
	}
	if err := s.setInputs(); err != nil {
		return err
	}
	if len(s.task.Secrets) > 0 {
		data := map[string][]byte{}
		for _, v := range s.task.Secrets {
			data[v.Name] = []byte(v.Value)
		}
		in.SecretName = step.Secret(corev1.SecretTypeOpaque, data)
	}
	return nil
}

// finishStep changes the objects of a run's task.
func (s *submission) finishStep(context.Context) error {
	job := s.objects.Job
	job.Spec.TTLSecondsAfterFinished = nil
	pod := &job.Spec.Template.Spec
	helpers := s.objects.Helpers[:0]
	for _, obj := range s.objects.Helpers {
		secret, ok := obj.(*corev1.Secret)
		if !ok {
			helpers = append(helpers, obj)
			continue
		}
		name := s.step.Secret(secret.Type, secret.Data)
		for i := range pod.ImagePullSecrets {
			if pod.ImagePullSecrets[i].Name == secret.Name {
				pod.ImagePullSecrets[i].Name = name
			}
		}
	}
	s.objects.Helpers = helpers
	setSeries(pod, s.step)
	return nil
}

// setSeries gives a task of a run the ids that SkyPilot gives it: SKYPILOT_TASK_ID, which
// is the same for all attempts, since scripts find their checkpoints by it; and in a
// pipeline or job group of at most record.MaxSeries tasks SKYPILOT_TASK_IDS, the ids of all
// tasks, one a line.
func setSeries(pod *corev1.PodSpec, step *Step) {
	for i := range pod.Containers {
		env := pod.Containers[i].Env
		at := slices.IndexFunc(env, func(v corev1.EnvVar) bool { return v.Name == "SKYPILOT_TASK_ID" })
		if at < 0 {
			continue
		}
		env[at].Value = kube.StepBase(step.Run, step.Name)
		if len(step.Series) == 0 || len(step.Series) > record.MaxSeries {
			continue
		}
		ids := make([]string, len(step.Series))
		for n, name := range step.Series {
			ids[n] = kube.StepBase(step.Run, name)
		}
		pod.Containers[i].Env = slices.Insert(env, at+1, corev1.EnvVar{Name: "SKYPILOT_TASK_IDS", Value: strings.Join(ids, "\n")})
	}
}

// addAnnotations adds annotations to those of the input.
func (s *submission) addAnnotations(more map[string]string) {
	if s.input.Annotations == nil {
		s.input.Annotations = map[string]string{}
	}
	maps.Copy(s.input.Annotations, more)
}

const (
	// inputsDir is the value of $INPUT_DIR: the folder with the files of other tasks.
	inputsDir = "/in"
	// variablesFile is the script that exports the variables of other tasks.
	variablesFile = "/etc/vast/variables"
)

// setInputs adds what the task gets from other tasks of the run. A variable that the task's
// own file sets is not taken from another task.
func (s *submission) setInputs() error {
	in, step := &s.input, s.step
	in.Passes = step.Passes
	if len(step.Inputs) == 0 && !step.Passes {
		return nil
	}
	if in.Results == nil {
		message := fmt.Sprintf("task %q passes outputs to other tasks or gets them, which requires the store; ", step.Name)
		if s.options.NoResults {
			return api.InvalidOption("NoResults", "%sits results cannot be omitted", message)
		}
		return &api.NotInstalledError{Message: message + fmt.Sprintf("namespace %q has none", in.Namespace), Remedies: []api.Remedy{{Action: api.ClusterSetup}}}
	}
	own := map[string]bool{}
	for _, v := range slices.Concat(s.task.Envs, s.task.Secrets) {
		own[v.Name] = true
	}
	files := manifest.Files{Path: inputsDir}
	variables := manifest.Files{Path: variablesFile, File: true, ReadOnly: true}
	for _, o := range step.Inputs {
		o.Task = agentspec.AttemptOf(o.Name)
		if len(o.Env) == 0 {
			files.Sources = append(files.Sources, agentspec.Item{Outputs: &o})
			continue
		}
		o.Env = slices.DeleteFunc(slices.Clone(o.Env), func(name string) bool { return own[name] })
		if len(o.Env) > 0 {
			variables.Sources = append(variables.Sources, agentspec.Item{Outputs: &o})
		}
	}
	if len(files.Sources) > 0 {
		in.Files, in.Inputs = append(in.Files, files), inputsDir
	}
	if len(variables.Sources) > 0 {
		in.Files, in.Variables = append(in.Files, variables), variablesFile
	}
	return nil
}
