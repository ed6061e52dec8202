package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// maxOrders limits the orders of a Job's container in one variable: the kernel
// allows 128 KiB for one.
const maxOrders = 120 << 10

// oneJob gathers what one Job is made of.
type oneJob struct {
	plan     *Plan
	runs     []plannedRun
	id, name string
	// title is the task's name: what the Job's name begins with.
	title string
	// params is the parameter file as the containers see it.
	params string
}

// jobOf is the Job of these runs; number is the Job's own, for packed ones.
func (p *Plan) jobOf(number int, runs []plannedRun) *oneJob {
	j := &oneJob{plan: p, runs: runs}
	if p.packed() {
		j.title = fmt.Sprintf("%s-job-%d", p.Record.Name, number)
		j.id = kube.PackedID(p.Record.ID, number)
	} else {
		j.title = fmt.Sprintf("%s-%s-%d", p.Record.Name, runs[0].Config, runs[0].Run)
		j.id = kube.RunID(p.Record.ID, runs[0].Config, runs[0].Run)
	}
	j.name = kube.JobName(j.title, j.id)
	j.params = j.name + ".params.yaml"
	return j
}

func (p *Plan) packed() bool { return p.Record.RunsPerJob > 1 }

// build makes it. What all Jobs have in common is shared between them and must
// not be changed.
func (j *oneJob) build() (*batchv1.Job, error) {
	t := j.plan.template
	fetch, keepText, err := j.orders()
	if err != nil {
		return nil, err
	}
	job := *t.job
	job.Name = j.name
	j.describe(&job.Labels, &job.Annotations)
	pod := &job.Spec.Template
	j.describe(&pod.Labels, &pod.Annotations)
	own := j.env()
	pod.Spec.Containers = slices.Clone(pod.Spec.Containers)
	for i := range pod.Spec.Containers {
		withEnv(&pod.Spec.Containers[i], own)
	}
	pod.Spec.InitContainers = slices.Clone(pod.Spec.InitContainers)
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		switch i {
		case t.fetchAt:
			setEnv(c, agentspec.EnvFetch, fetch)
		case t.keepAt:
			setEnv(c, agentspec.EnvKeep, keepText)
		default:
			withEnv(c, own)
		}
	}
	job.Annotations[kube.AnnotationSpecHash] = kube.Hash(t.identity + fetch + keepText + envText(own))
	return &job, nil
}

// describe gives an object its own copy of the labels and annotations.
func (j *oneJob) describe(labels, annotations *map[string]string) {
	l, a := maps.Clone(*labels), maps.Clone(*annotations)
	l[kube.LabelTaskID] = j.id
	l[kube.LabelTaskName] = kube.LabelValue(j.title)
	a[kube.AnnotationTaskName] = j.title
	if j.plan.packed() {
		names := make([]string, len(j.runs))
		for i, ref := range j.runs {
			names[i] = ref.String()
		}
		a[kube.AnnotationRuns] = strings.Join(names, " ")
		a[kube.AnnotationKept] = layout.JobPrefix(j.plan.Record.ID, j.name)
	} else {
		ref := j.runs[0]
		l[kube.LabelConfig], l[kube.LabelRun] = kube.LabelValue(ref.Config), strconv.Itoa(ref.Run)
		a[kube.AnnotationConfig], a[kube.AnnotationRun] = ref.Config, strconv.Itoa(ref.Run)
		a[kube.AnnotationKept] = layout.RunPrefix(j.plan.Record.ID, ref.Config, ref.Run)
	}
	*labels, *annotations = l, a
}

// orders returns the orders of our own containers.
func (j *oneJob) orders() (fetch, kept string, err error) {
	t, p := j.plan.template, j.plan
	f := agentspec.Fetch{Items: j.files(), OwnerFile: t.fetch.OwnerFile, Give: t.fetch.Give}
	k := t.keep
	k.Results, k.LogPrefix = nil, ""
	for _, ref := range j.runs {
		k.Results = append(k.Results, j.result(ref))
	}
	k.LogPrefix = k.Results[0].Prefix + layout.LogDir
	// What packed runs write together belongs to none alone; the last one's end
	// is nearest to that of all.
	last := &k.Results[len(k.Results)-1]
	last.Dirs = append(last.Dirs, agentspec.Dir{Path: outDir, As: restDir, Rest: true})
	k.Labels = maps.Clone(k.Labels)
	k.Labels[kube.LabelTaskID] = j.id
	if p.packed() {
		k.LogPrefix = layout.JobPrefix(p.Record.ID, j.name) + layout.LogDir
		last.Dirs = append(last.Dirs, agentspec.Dir{Path: j.outDir(), As: togetherDir})
		k.Outcomes = j.outDir() + "/outcomes"
	} else {
		k.Labels[kube.LabelConfig], k.Labels[kube.LabelRun] = kube.LabelValue(j.runs[0].Config), strconv.Itoa(j.runs[0].Run)
	}
	fetchData, err := json.Marshal(f)
	if err != nil {
		return "", "", fmt.Errorf("encode what Job %s fetches: %w", j.name, err)
	}
	keepData, err := json.Marshal(k)
	if err != nil {
		return "", "", fmt.Errorf("encode what Job %s keeps: %w", j.name, err)
	}
	fetch, kept = escape(string(fetchData)), escape(string(keepData))
	if n := max(len(fetch), len(kept)); n > maxOrders {
		return "", "", j.tooLong(n)
	}
	return fetch, kept, nil
}

func (j *oneJob) tooLong(n int) error {
	problem := api.Problem{File: j.plan.Record.File, Path: "execution.runs_per_job",
		Message: fmt.Sprintf("the instructions for Job %s have %d bytes; at most %d are possible: pack fewer runs into one Job", j.name, n, maxOrders)}
	if !j.plan.packed() {
		problem.Path = "configuration." + j.runs[0].Config
		problem.Message = fmt.Sprintf("its parameters have %d bytes; at most %d are possible: put them into a file of run_files", n, maxOrders)
	}
	return &api.InvalidSpecError{Problems: []api.Problem{problem}}
}

// files are what the Job brings into /config: the campaign's files, its
// parameter file, and the files that distinguish packed runs.
func (j *oneJob) files() []agentspec.Item {
	var items []agentspec.Item
	root := j.plan.template.fetch.Items[0].To
	if j.plan.Record.Inputs != "" {
		items = append(items, j.plan.template.fetch.Items[0])
	} else {
		root = strings.TrimSuffix(root, "/.vast")
	}
	if !j.plan.packed() {
		return append(items, agentspec.Item{Text: j.parameters(j.runs[0]), To: root + "/" + j.params})
	}
	// One program reads the parameters of all runs as documents of one file;
	// a command is started for each and gets a file of its own.
	together := j.plan.Execution.Command == ""
	var all strings.Builder
	for i, ref := range j.runs {
		run := fmt.Sprintf("%s/%s/%06d", runsDir, j.name, i)
		if together {
			all.WriteString("---\n" + j.parameters(ref))
			items = append(items, agentspec.Item{Text: runFile(ref.String(), nil), To: root + "/" + run})
			continue
		}
		params := fmt.Sprintf("%s.%06d.params.yaml", j.name, i)
		items = append(items, agentspec.Item{Text: j.parameters(ref), To: root + "/" + params},
			agentspec.Item{Text: runFile(ref.String(), j.runVariables(ref, configDir+"/"+params)), To: root + "/" + run})
	}
	if together {
		items = append(items, agentspec.Item{Text: all.String(), To: root + "/" + j.params})
	}
	return items
}

func (j *oneJob) parameters(run plannedRun) string {
	return document(j.plan.Record.Scenario, run.config.text, run.String())
}

// result is how one run's output is kept.
func (j *oneJob) result(ref plannedRun) agentspec.Result {
	r := j.plan.Record
	return agentspec.Result{
		Name: ref.String(), Prefix: layout.RunPrefix(r.ID, ref.Config, ref.Run), Index: layout.RunIndex(r.ID, ref.Config, ref.Run),
		Dirs: []agentspec.Dir{{Path: outDir + "/" + ref.String(), Progress: true}},
		Identity: agentspec.Identity{TaskID: j.id, TaskName: j.title, User: r.User, Job: j.name,
			Campaign: r.ID, Config: ref.Config, Run: ref.Run},
	}
}

// outDir is the folder of the Job's own output.
func (j *oneJob) outDir() string {
	if j.plan.packed() {
		return jobsDir + "/" + j.name
	}
	return outDir + "/" + j.runs[0].String()
}

// env are the variables that only this Job has.
func (j *oneJob) env() []corev1.EnvVar {
	var vars []spec.EnvVar
	params := configDir + "/" + j.params
	if j.plan.packed() {
		vars = []spec.EnvVar{
			{Name: "OUTPUT_DIR", Value: j.outDir()}, {Name: "ROS_LOG_DIR", Value: j.outDir() + "/logs/ros"},
			{Name: "SCENARIO_PARAMETER_FILE", Value: params}, // of a scenario; a command has one for each run
			{Name: envRuns, Value: configDir + "/" + runsDir + "/" + j.name},
			{Name: envOutcomes, Value: j.outDir() + "/outcomes"},
		}
	} else {
		vars = j.runVariables(j.runs[0], params)
	}
	vars = append(vars, spec.EnvVar{Name: "VAST_TASK_ID", Value: j.id}, spec.EnvVar{Name: "SKYPILOT_TASK_ID", Value: j.name})
	out := make([]corev1.EnvVar, len(vars))
	for i, v := range vars {
		out[i] = corev1.EnvVar{Name: v.Name, Value: escape(v.Value)}
	}
	return out
}

// runVariables are those of one run, whose parameter file is params.
func (j *oneJob) runVariables(run plannedRun, params string) []spec.EnvVar {
	dir := outDir + "/" + run.String()
	vars := []spec.EnvVar{
		{Name: "RUN_ID", Value: run.String()}, {Name: "CONFIG_NAME", Value: run.Config}, {Name: "RUN_NUMBER", Value: strconv.Itoa(run.Run)},
		{Name: "OUTPUT_DIR", Value: dir}, {Name: "ROS_LOG_DIR", Value: dir + "/logs/ros"},
		{Name: "SCENARIO_PARAMETER_FILE", Value: params},
	}
	return append(vars, run.config.vars...)
}

// withEnv adds variables to a container whose Env is shared and clipped.
func withEnv(c *corev1.Container, more []corev1.EnvVar) { c.Env = append(c.Env, more...) }

// setEnv replaces one variable of a container whose Env is shared.
func setEnv(c *corev1.Container, name, value string) {
	c.Env = slices.Clone(c.Env)
	for i := range c.Env {
		if c.Env[i].Name == name {
			c.Env[i].Value = value
		}
	}
}

func envText(env []corev1.EnvVar) string {
	var b strings.Builder
	for _, e := range env {
		b.WriteString(e.Name + "=" + e.Value + "\x00")
	}
	return b.String()
}

// escape protects a text from the kubelet, which expands $(NAME) in values.
func escape(s string) string { return strings.ReplaceAll(s, "$", "$$") }
