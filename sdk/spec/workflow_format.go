package spec

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// The types of this file are the format of workflows, as those of format.go are
// the format of tasks. Its conditions, approvals and the two kinds of environment are
// Agola's; matrices are those of GitHub Actions; schedules are CronJobs.

// workflowFile is a document of kind Workflow.
type workflowFile struct {
	Kind        yamlfile.At[string]                                `json:"kind" jsonschema:"required,enum=Workflow,description=Workflow"`
	Name        yamlfile.At[string]                                `json:"name,omitempty" jsonschema:"description=Name of the workflow: letters and digits; '.' '_' and '-' between them"`
	Tasks       tasksField                                         `json:"tasks" jsonschema:"required,description=Tasks by name"`
	Env         envField                                           `json:"env,omitempty" jsonschema:"description=Variables of all tasks; a rerun has the same values"`
	RuntimeEnv  runtimeEnvField                                    `json:"runtime_env,omitempty" jsonschema:"description=Variables of all tasks that each run takes from the environment of who submits it"`
	OnFailure   string                                             `json:"on_failure,omitempty" jsonschema:"enum=cancel,enum=hold,description=What happens to tasks that wait for approval when the run has failed"`
	Concurrency concurrencyFile                                    `json:"concurrency,omitempty" jsonschema:"description=Group of runs of which one runs at a time"`
	Schedule    yamlfile.Either[yamlfile.At[string], scheduleFile] `json:"schedule,omitempty" jsonschema:"description=When runs are submitted: a cron expression or its settings"`
	Webhook     yamlfile.Either[webhookFile, []webhookFile]        `json:"webhook,omitempty" jsonschema:"description=Where events are sent"`
	Callback    yamlfile.At[string]                                `json:"event_callback,omitempty" jsonschema:"description=Script that is executed at each change of a task"`
}

func (workflowFile) Unknown(key string) string {
	switch key {
	case "envs":
		return `unknown field; the variables of all tasks are "env"`
	case "secrets":
		return `unknown field; secrets belong to tasks`
	case "depends", "run", "setup", "resources", "matrix", "retry", "approval", "when", "timeout", "arch":
		return `unknown field; it belongs to a task, under "tasks"`
	case "events", "webhooks":
		return `unknown field; did you mean "webhook"?`
	}
	return ""
}

// workflowTaskFile has the fields that a task of a workflow has besides those of
// a task file.
type workflowTaskFile struct {
	Task          yamlfile.At[string]                     `json:"task,omitempty" jsonschema:"description=Task file, relative to this file; in place of the fields of a task"`
	Campaign      yamlfile.At[string]                     `json:"campaign,omitempty" jsonschema:"description=Campaign file, relative to this file; in place of the fields of a task"`
	Depends       dependsField                            `json:"depends,omitempty" jsonschema:"description=Tasks that end before this one starts, with conditions"`
	IgnoreFailure bool                                    `json:"ignore_failure,omitempty" jsonschema:"description=If true, a failure of this task does not fail the run"`
	Approval      yamlfile.Either[bool, approvalFile]     `json:"approval,omitempty" jsonschema:"description=Who has to approve before the task starts"`
	When          whenField                               `json:"when,omitempty" jsonschema:"description=A boolean or a CEL expression over env and matrix; the task is skipped if it is false"`
	Timeout       spanField                               `json:"timeout,omitempty" jsonschema:"description=Time limit of an attempt: 90s or 1h30m"`
	Arch          yamlfile.Either[archName, []archName]   `json:"arch,omitempty" jsonschema:"description=Architectures of nodes that the task may run on"`
	Matrix        matrixField                             `json:"matrix,omitempty" jsonschema:"description=Lists of values by variable; the task becomes one for each combination"`
	MaxParallel   yamlfile.At[int]                        `json:"max_parallel,omitempty" jsonschema:"minimum=1,maximum=10000,description=Number of the matrix's tasks that run at the same time"`
	Retry         yamlfile.At[retryFile]                  `json:"retry,omitempty" jsonschema:"description=Which failures are followed by another attempt"`
	Inputs        yamlfile.Either[inputFile, []inputFile] `json:"inputs,omitempty" jsonschema:"description=Outputs of tasks that this one depends on"`
	Callback      yamlfile.At[string]                     `json:"event_callback,omitempty" jsonschema:"description=Script that is executed at each change of this task"`
}

type (
	approvalFile struct {
		Required  yamlfile.At[int]                   `json:"required,omitempty" jsonschema:"minimum=1,maximum=100"`
		Users     yamlfile.At[[]yamlfile.At[string]] `json:"users,omitempty"`
		Groups    yamlfile.At[[]yamlfile.At[string]] `json:"groups,omitempty"`
		AllowSelf bool                               `json:"allow_self,omitempty"`
	}
	retryFile struct {
		Count   int         `json:"count" jsonschema:"required,minimum=1,maximum=100"`
		Backoff spanField   `json:"backoff,omitempty"`
		Causes  []causeName `json:"causes" jsonschema:"required,minItems=1"`
	}
	inputFile struct {
		From      yamlfile.At[string] `json:"from" jsonschema:"required"`
		Path      yamlfile.At[string] `json:"path,omitempty"`
		Overwrite bool                `json:"overwrite,omitempty"`
	}
	concurrencyFile struct {
		Group  yamlfile.At[string] `json:"group,omitempty" jsonschema:"minLength=1,maxLength=200"`
		Policy yamlfile.At[string] `json:"policy,omitempty" jsonschema:"enum=queue,enum=cancel-previous,enum=reject"`
	}
	scheduleFile struct {
		Cron                    yamlfile.At[string] `json:"cron" jsonschema:"required"`
		TimeZone                yamlfile.At[string] `json:"timeZone,omitempty"`
		ConcurrencyPolicy       yamlfile.At[string] `json:"concurrencyPolicy,omitempty" jsonschema:"enum=Allow,enum=Forbid,enum=Replace"`
		StartingDeadlineSeconds *int                `json:"startingDeadlineSeconds,omitempty" jsonschema:"minimum=0"`
		Suspend                 bool                `json:"suspend,omitempty"`
		// The limits are those of a CronJob, for runs.
		SuccessfulRunsHistoryLimit *int `json:"successfulRunsHistoryLimit,omitempty" jsonschema:"minimum=0,maximum=10000"`
		FailedRunsHistoryLimit     *int `json:"failedRunsHistoryLimit,omitempty" jsonschema:"minimum=0,maximum=10000"`
	}
	webhookFile struct {
		URL    yamlfile.At[string]     `json:"url" jsonschema:"required"`
		Secret yamlfile.At[secretFile] `json:"secret,omitempty"`
	}
	secretFile struct {
		Name yamlfile.At[string] `json:"name" jsonschema:"required"`
		Key  yamlfile.At[string] `json:"key" jsonschema:"required"`
	}
	// outputEnvFile is the long form of a task's outputs.
	outputEnvFile struct {
		Paths outputsFile           `json:"paths,omitempty"`
		Env   []yamlfile.At[string] `json:"env,omitempty"`
	}
)

// tasksField is read task by task.
type tasksField struct{ n *yamlfile.Node }

func (tasksField) Describe() string              { return "a mapping of names to tasks" }
func (tasksField) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }

func (t *tasksField) Decode(_ *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) { t.n = n }

func (tasksField) JSONSchema() *jsonschema.Schema {
	task := yamlfile.SchemaOf[taskFile]()
	own := yamlfile.SchemaOf[workflowTaskFile]()
	for pair := own.Properties.Oldest(); pair != nil; pair = pair.Next() {
		task.Properties.Set(pair.Key, pair.Value)
	}
	outputs, _ := task.Properties.Get("outputs")
	task.Properties.Set("outputs", &jsonschema.Schema{AnyOf: []*jsonschema.Schema{outputs, yamlfile.SchemaOf[outputEnvFile]()}})
	return &jsonschema.Schema{
		Type:                 "object",
		PatternProperties:    map[string]*jsonschema.Schema{nodePattern: task},
		AdditionalProperties: jsonschema.FalseSchema,
	}
}

// dependsField is a task's depends: a list whose entries are a name, a mapping of a
// name to conditions, or a mapping with task and conditions. One entry may stand
// without a list, and all together as a mapping of names to conditions.
type dependsField struct{ entries []dependEntry }

type dependEntry struct {
	name       *yamlfile.Node
	text       string
	conditions workflow.Conditions
}

func (dependsField) Describe() string { return "a list of tasks" }

func (dependsField) Accepts(n *yamlfile.Node) bool {
	return n.Kind != yaml.ScalarNode || n.IsText()
}

func (d *dependsField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	if n.Kind != yaml.SequenceNode {
		d.entry(r, n)
		return
	}
	for _, item := range n.Items {
		if !d.Accepts(item) || item.Kind == yaml.SequenceNode {
			r.Fail(item, "must be a task, or a mapping of a task to conditions, not %s", item.KindName())
			continue
		}
		d.entry(r, item)
	}
}

func (d *dependsField) entry(r *yamlfile.Reader, n *yamlfile.Node) {
	if n.Kind == yaml.ScalarNode {
		d.entries = append(d.entries, dependEntry{n, n.Text, workflow.OnSuccess})
		return
	}
	// {task: [on_failure]} is a dependency on a task of that name.
	if task := n.Get("task"); task != nil && (task.Kind == yaml.ScalarNode && !isCondition(task) || n.Has("conditions")) {
		var long struct {
			Task       yamlfile.At[string] `json:"task" jsonschema:"required"`
			Conditions conditionsField     `json:"conditions,omitempty"`
		}
		r.Decode(n, &long)
		if long.Task.IsSet() {
			d.entries = append(d.entries, dependEntry{task, long.Task.Value, max(long.Conditions.set, workflow.OnSuccess)})
		}
		return
	}
	if len(n.Fields) == 0 {
		r.Fail(n, "names no task")
	}
	for _, f := range n.Fields {
		if !r.TextKey(f) {
			continue
		}
		c := conditionsField{set: workflow.OnSuccess}
		if !f.IsNull() {
			c.set = 0
			r.Into(f, reflect.ValueOf(&c).Elem(), yamlfile.Rules{})
		}
		d.entries = append(d.entries, dependEntry{f.Key, f.Key.Text, c.set})
	}
}

func isCondition(n *yamlfile.Node) bool {
	_, ok := workflow.ParseCondition(n.Text)
	return ok
}

func (dependsField) JSONSchema() *jsonschema.Schema {
	conditions := conditionsField{}.JSONSchema()
	name := &jsonschema.Schema{Type: "string"}
	object := &jsonschema.Schema{Type: "object", AdditionalProperties: yamlfile.OrNull(conditions)}
	long := jsonschema.NewProperties()
	long.Set("task", name)
	long.Set("conditions", conditions)
	entry := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{name,
		{Type: "object", Properties: long, Required: []string{"task"}, AdditionalProperties: jsonschema.FalseSchema}, object}}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{name, object, {Type: "array", Items: entry}}}
}

// conditionsField is a condition or a list of them.
type conditionsField struct{ set workflow.Conditions }

func (conditionsField) Describe() string { return "a condition or a list of conditions" }

func (conditionsField) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.SequenceNode || n.Kind == yaml.ScalarNode && n.IsText()
}

func (c *conditionsField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	items := n.Items
	if n.Kind == yaml.ScalarNode {
		items = []*yamlfile.Node{n}
	}
	if len(items) == 0 {
		r.Fail(n, "names no condition; known are %s", strings.Join(workflow.ConditionNames(), ", "))
	}
	seen := map[string]bool{}
	for _, item := range items {
		one, ok := workflow.ParseCondition(item.Text)
		switch {
		case item.Kind != yaml.ScalarNode || !item.IsText():
			r.Mismatch(item, textType)
		case !ok:
			hint := ""
			if s := text.Nearest(item.Text, workflow.ConditionNames()); s != "" {
				hint = "; did you mean " + strconv.Quote(s) + "?"
			}
			r.Fail(item, "unknown condition %s; known are %s%s", item.Quote(), strings.Join(workflow.ConditionNames(), ", "), hint)
		case seen[item.Text]:
			r.Fail(item, "%s stands in the list twice", item.Quote())
		default:
			seen[item.Text] = true
			c.set |= one
		}
	}
}

func (conditionsField) JSONSchema() *jsonschema.Schema {
	one := &jsonschema.Schema{Type: "string"}
	for _, name := range workflow.ConditionNames() {
		one.Enum = append(one.Enum, name)
	}
	least := uint64(1)
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one, {Type: "array", Items: one, MinItems: &least}}}
}

// whenField is a boolean, or an expression.
type whenField struct{ n *yamlfile.Node }

func (whenField) Describe() string { return "true, false or an expression" }

func (whenField) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Is("!!bool", "!!str")
}

func (w *whenField) Decode(_ *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) { w.n = n }

func (whenField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "boolean"}, {Type: "string"}}}
}

// spanField is a length of time.
type spanField struct {
	n *yamlfile.Node
	v time.Duration
}

const (
	spanPattern = `^([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d|w))+$`
	maxSpan     = 365 * 24 * time.Hour
)

var (
	spanForm = regexp.MustCompile(spanPattern)
	spanPart = regexp.MustCompile(`([0-9.]+)(ms|s|m|h|d|w)`)
	spanUnit = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
)

func (spanField) Describe() string { return `a length of time ("90s", "1h30m")` }

func (spanField) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Is("!!int", "!!float", "!!str")
}

func (f *spanField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	f.n = n
	if !spanForm.MatchString(n.Text) {
		r.Fail(n, `%s is not a length of time; write it with a unit: "90s", "30m", "1h30m" or "2d"`, n.Quote())
		return
	}
	f.v = parseSpan(n.Text)
	if f.v <= 0 || f.v > maxSpan {
		r.Fail(n, "%s must be more than nothing and at most a year", n.Quote())
	}
}

// parseSpan returns the sum of the parts of a text that spanForm matches. What is
// longer than a year becomes a little more than one.
func parseSpan(s string) time.Duration {
	total := 0.0
	for _, m := range spanPart.FindAllStringSubmatch(s, -1) {
		n, _ := strconv.ParseFloat(m[1], 64)
		total += n * float64(spanUnit[m[2]])
	}
	return time.Duration(min(total, float64(maxSpan+time.Second)))
}

func (spanField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: spanPattern}
}

// archNames are the architectures that Kubernetes is released for.
var archNames = []string{"amd64", "arm64", "arm", "ppc64le", "riscv64", "s390x"}

type archName string

func (a *archName) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	switch n.Text {
	case "x86_64", "x86-64":
		r.Fail(n, `%s is called "amd64" here`, n.Quote())
	case "aarch64":
		r.Fail(n, `%s is called "arm64" here`, n.Quote())
	default:
		*a = archName(oneOf(r, n, archNames))
	}
}

func (archName) JSONSchema() *jsonschema.Schema { return enumOf(archNames) }

// causeNames are the causes of a failure that another attempt may not meet.
var causeNames = []string{
	string(api.CauseOutOfMemory), string(api.CauseExit), string(api.CauseSignal), string(api.CauseSetupFailed),
	string(api.CauseNodesMissing), string(api.CauseInputs), string(api.CauseImageNotFound), string(api.CauseImagePull),
	string(api.CauseInvalidImage), string(api.CauseSecretMissing), string(api.CauseVolumeMissing), string(api.CauseContainerConfig),
	string(api.CauseQuota), string(api.CauseCreateFailed), string(api.CauseEvicted), string(api.CauseNodeLost),
	string(api.CauseDeadline), string(api.CauseDeleted), string(api.CauseUnknown),
}

type causeName string

func (c *causeName) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	*c = causeName(oneOf(r, n, causeNames))
}

func (causeName) JSONSchema() *jsonschema.Schema { return enumOf(causeNames) }

// oneOf returns the word that the node is, in any case; another one is a problem.
func oneOf(r *yamlfile.Reader, n *yamlfile.Node, words []string) string {
	for _, w := range words {
		if strings.EqualFold(w, n.Text) {
			return w
		}
	}
	yamlfile.Rules{Enum: words}.CheckText(r, n)
	return ""
}

func enumOf(words []string) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}

// matrixField is a matrix: lists of values by variable, and combinations to add or
// to omit.
type matrixField struct {
	n                *yamlfile.Node
	axes             []matrixAxis
	include, exclude [][]matrixValue
}

type (
	matrixAxis struct {
		name   string
		values []matrixValue
	}
	matrixValue struct {
		name string
		n    *yamlfile.Node
	}
)

func (matrixField) Describe() string              { return "a mapping of variables to lists of values" }
func (matrixField) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }

func (m *matrixField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	m.n = n
	for _, f := range n.Fields {
		switch key := f.Key.Text; {
		case key == "include":
			m.include = matrixSets(r, f)
		case key == "exclude":
			m.exclude = matrixSets(r, f)
		case key == "max_parallel":
			r.FailKey(f, `belongs beside "matrix", not into it`)
		case rules.Variable(key) != "":
			r.FailKey(f, "%s", rules.Variable(key))
		case f.Kind != yaml.SequenceNode || len(f.Items) == 0:
			r.Fail(f, "must be a list of values")
		default:
			axis := matrixAxis{name: key}
			seen := map[string]bool{}
			for _, item := range f.Items {
				switch {
				case !matrixScalar(r, item):
				case seen[item.Variable()]:
					r.Fail(item, "%s stands in the list twice", item.Quote())
				default:
					seen[item.Variable()] = true
					axis.values = append(axis.values, matrixValue{key, item})
				}
			}
			m.axes = append(m.axes, axis)
		}
	}
}

func matrixScalar(r *yamlfile.Reader, n *yamlfile.Node) bool {
	if n.Kind != yaml.ScalarNode || n.IsNull() {
		r.Fail(n, "must be one value, not %s", n.KindName())
		return false
	}
	return true
}

func matrixSets(r *yamlfile.Reader, n *yamlfile.Node) (out [][]matrixValue) {
	if n.Kind != yaml.SequenceNode {
		r.Fail(n, "must be a list of mappings of variables to values")
	}
	for _, item := range n.Items {
		if item.Kind != yaml.MappingNode || len(item.Fields) == 0 {
			r.Fail(item, "must be a mapping of variables to values")
			continue
		}
		var set []matrixValue
		for _, f := range item.Fields {
			if msg := rules.Variable(f.Key.Text); msg != "" {
				r.FailKey(f, "%s", msg)
			} else if matrixScalar(r, f) {
				set = append(set, matrixValue{f.Key.Text, f})
			}
		}
		out = append(out, set)
	}
	return out
}

func (matrixField) JSONSchema() *jsonschema.Schema {
	value := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
	set := &jsonschema.Schema{Type: "object", AdditionalProperties: value} // of include and exclude
	least := uint64(1)
	return &jsonschema.Schema{Type: "object", AdditionalProperties: jsonschema.FalseSchema,
		PatternProperties: map[string]*jsonschema.Schema{rules.VariablePattern: {
			Type: "array", MinItems: &least, Items: &jsonschema.Schema{AnyOf: append([]*jsonschema.Schema{set}, value.AnyOf...)},
		}}}
}

// runtimeEnvField is runtime_env: a list of names, or a mapping of names to the
// values that stand for variables that are not set.
type runtimeEnvField struct{ envField }

func (runtimeEnvField) Describe() string {
	return "a list of variables, or a mapping of variables to defaults"
}

func (e *runtimeEnvField) Decode(r *yamlfile.Reader, n *yamlfile.Node, ru yamlfile.Rules) {
	switch n.Kind {
	case yaml.MappingNode:
		e.envField.Decode(r, n, ru)
		return
	case yaml.ScalarNode:
		r.Fail(n, "must be a list of variables, or a mapping of variables to defaults")
	}
	for _, item := range n.Items {
		if item.Kind != yaml.ScalarNode || rules.Variable(item.Text) != "" {
			r.Fail(item, "must be the name of a variable, not %s", item.KindName())
			continue
		}
		e.entries = append(e.entries, envEntry{name: item.Text, missing: true, n: item})
	}
}

func (runtimeEnvField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		envField{}.JSONSchema(), {Type: "array", Items: &jsonschema.Schema{Type: "string", Pattern: rules.VariablePattern}},
	}}
}

// WorkflowJSONSchema is JSONSchema for a file of kind Workflow.
func WorkflowJSONSchema() ([]byte, error) {
	s := yamlfile.SchemaOf[workflowFile]()
	s.Version = jsonschema.Version
	s.Title = "kubevast workflow"
	return json.MarshalIndent(s, "", "  ")
}
