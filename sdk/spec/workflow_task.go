package spec

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/internal/when"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

const (
	nodePattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// maxNode leaves room for the run's id, the attempt and the node's rank in the
	// host name of a pod, which has at most 63 characters.
	maxNode = 40
	// maxNamed limits the files that tasks name: all together, each as often as it is
	// named.
	maxNamed = 16 << 20
)

var nodeName = regexp.MustCompile(nodePattern)

// workflowReader reads the tasks of one workflow.
type workflowReader struct {
	*parser
	in    Inputs
	w     *Workflow
	tasks []*fileTask
	index map[string]int
	// named are the files that were read, by path, and size is how much all tasks
	// have read of them.
	named map[string][]byte
	size  int
	// whens are the expressions of tasks, compiled.
	whens map[string]*when.Expression
	// err ends the reading: a file cannot be read for a reason outside of it.
	err error
}

// fileTask is a task as it stands in the file, before its matrix is expanded.
type fileTask struct {
	name   string
	n      *yamlfile.Node
	own    workflowTaskFile
	fields *yamlfile.Node // those of a task file
	// outputEnv are the names of outputs.env.
	outputEnv []string
	// deps are the edges to other tasks, by their index.
	deps []fileEdge
	// made are the tasks of the workflow that it becomes.
	made []*WorkflowTask
}

type fileEdge struct {
	to         int
	conditions workflow.Conditions
	at         *yamlfile.Node
}

// ownFields and taskFields are the names of the fields of a task in a workflow:
// those that only workflows have, and all others.
var ownFields, taskFields = fieldNames[workflowTaskFile](), fieldNames[taskFile]()

func fieldNames[T any]() (names []string) {
	for _, f := range yamlfile.StructFields(reflect.TypeFor[T]()) {
		names = append(names, f.Name)
	}
	return names
}

// fileTask reads the fields of one task that only workflows have.
func (r *workflowReader) fileTask(n *yamlfile.Node) *fileTask {
	t := &fileTask{name: n.Key.Text, n: n}
	if n.Kind != yaml.MappingNode {
		r.Fail(n, "must be a mapping of fields (run, depends ...), not %s", n.KindName())
		t.fields = &yamlfile.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column}
		return t
	}
	own, fields := *n, *n
	own.Fields, fields.Fields = nil, nil
	for _, f := range n.Fields {
		switch key := f.Key.Text; {
		case slices.Contains(ownFields, key):
			own.Fields = append(own.Fields, f)
		case key == "outputs" && f.Kind == yaml.MappingNode && f.Has("paths", "env"):
			if paths := r.outputEnv(t, f); paths != nil {
				fields.Fields = append(fields.Fields, paths)
			}
		case slices.Contains(taskFields, key):
			fields.Fields = append(fields.Fields, f)
		default:
			r.unknownTaskField(f)
		}
	}
	t.fields = &fields
	r.Decode(&own, &t.own)
	return t
}

// outputEnv reads the long form of outputs, and returns the paths in it.
func (r *workflowReader) outputEnv(t *fileTask, f *yamlfile.Node) (paths *yamlfile.Node) {
	var long outputEnvFile
	r.Decode(f, &long)
	for _, name := range long.Env {
		switch msg := rules.Variable(name.Value); {
		case name.Node == nil: // not text, which is reported
		case msg != "":
			r.Fail(name.Node, "%s %s", name.Node.Quote(), msg)
		case slices.Contains(t.outputEnv, name.Value):
			r.Fail(name.Node, "%s stands in the list twice", name.Node.Quote())
		default:
			t.outputEnv = append(t.outputEnv, name.Value)
		}
	}
	if paths = f.Get("paths"); paths == nil || paths.IsNull() {
		return nil
	}
	list := *paths
	list.Key = f.Key
	return &list
}

func (r *workflowReader) unknownTaskField(f *yamlfile.Node) {
	msg := taskFile{}.Unknown(f.Key.Text)
	if msg == "" {
		known := slices.DeleteFunc(slices.Concat(ownFields, taskFields), func(s string) bool { return strings.HasPrefix(s, "_") })
		msg = "unknown field; known are " + strings.Join(known, ", ")
		if s := r.nearest(f.Key.Text, known); s != "" {
			msg = fmt.Sprintf("unknown field; did you mean %q?", s)
		}
	}
	r.FailKey(f, "%s", msg)
}

// nearest is text.Nearest as long as its result may be shown.
func (r *workflowReader) nearest(word string, candidates []string) string {
	if len(r.Problems) > yamlfile.MaxProblems {
		return ""
	}
	return text.Nearest(word, candidates)
}

// checkNode checks the name of a task.
func (r *workflowReader) checkNode(n *yamlfile.Node) {
	switch name := n.Key.Text; {
	case !r.TextKey(n):
	case !nodeName.MatchString(name):
		r.FailKey(n, `%s is not the name of a task: lower-case letters, digits and "-" are allowed, and a letter or digit at both ends`, n.Key.Quote())
	case len(name) > maxNode:
		r.FailKey(n, "%s is too long a name: it has %d characters, and %d are allowed, since the names of pods begin with the run's id", n.Key.Quote(), len(name), maxNode)
	}
}

// makeTask makes one task of the workflow: of a matrix the one with these values.
func (r *workflowReader) makeTask(t *fileTask, name string, combination []matrixValue) *WorkflowTask {
	before := len(r.Problems)
	out := &WorkflowTask{
		Timeout: t.own.Timeout.v, OutputEnv: t.outputEnv, EventCallback: t.own.Callback.Value,
		At: Position{Line: t.n.Key.Line, Column: t.n.Key.Column},
		Graph: workflow.Task{
			Name: name, IgnoreFailure: t.own.IgnoreFailure, Approval: r.approval(t.own.Approval, t.n.Get("approval")),
			Retry: workflow.Retry{Count: t.own.Retry.Value.Count, Backoff: t.own.Retry.Value.Backoff.v},
		},
	}
	for _, c := range t.own.Retry.Value.Causes {
		out.Graph.Retry.Causes = append(out.Graph.Retry.Causes, string(c))
	}
	arch := r.arch(t)
	own, values := map[string]string{}, map[string]any{}
	for _, v := range combination {
		own[v.name], values[v.name] = v.n.Variable(), v.n.Plain()
		out.Matrix = append(out.Matrix, EnvVar{Name: v.name, Value: own[v.name]})
		if _, plain := values[v.name].(fmt.Stringer); plain { // a number that no int64 holds
			values[v.name] = own[v.name]
		}
	}
	if t.n.Has("matrix") {
		out.Graph.Matrix, out.Graph.MaxParallel = t.name, t.own.MaxParallel.Value
	}
	env := r.content(t, out, own)
	if out.Task != nil {
		out.Task.Arch = arch
	}
	if len(r.Problems) == before {
		r.when(t.own.When.n, out, env, values)
	}
	return out
}

// content reads what the task executes, and returns its variables.
func (r *workflowReader) content(t *fileTask, out *WorkflowTask, own map[string]string) map[string]string {
	switch {
	case t.n.Kind != yaml.MappingNode:
	case t.own.Campaign.IsSet():
		return r.campaign(t, out, own)
	case t.own.Task.IsSet():
		r.reference(t, out, own)
	default:
		doc := t.fields
		if t.n.Has("matrix") {
			doc = doc.Clone() // variables are filled in
		}
		in, _ := r.taskInputs(doc, out, own)
		out.Task = r.task(doc, in)
	}
	env := map[string]string{}
	if out.Task != nil {
		out.Task.Name = out.Graph.Name
		for _, v := range out.Task.Envs {
			env[v.Name] = v.Value
		}
	}
	return env
}

// taskInputs is what a task gets besides its document: what the command line gives,
// the variables of own, and those of the workflow that the document does not set
// itself. The latter are the second result, by name.
func (r *workflowReader) taskInputs(doc *yamlfile.Node, out *WorkflowTask, own map[string]string) (in Inputs, shared map[string]string) {
	in = r.in
	in.Name, in.Envs, shared = "", map[string]string{}, map[string]string{}
	set := map[string]bool{}
	if envs := doc.Get("envs"); envs != nil {
		for _, f := range envs.Fields {
			set[f.Key.Text] = !f.IsNull()
		}
	}
	if secrets := doc.Get("secrets"); secrets != nil {
		for _, f := range secrets.Fields {
			set[strings.TrimPrefix(f.Key.Text, managedPrefix)] = true
		}
		for _, item := range secrets.Items {
			set[strings.TrimPrefix(item.Text, managedPrefix)] = true
		}
	}
	for name := range r.in.Secrets {
		set[name] = true
	}
	for _, v := range r.w.Env {
		if !set[v.Name] {
			shared[v.Name] = v.Value
		}
	}
	for _, v := range r.w.RuntimeEnv {
		if _, over := own[v.Name]; !over && !set[v.Name] {
			shared[v.Name] = v.Value
			out.RuntimeEnv = append(out.RuntimeEnv, v.Name)
		}
	}
	maps.Copy(in.Envs, shared)
	maps.Copy(in.Envs, own)
	maps.Copy(in.Envs, r.in.Envs)
	return in, shared
}

// reference reads the task file that a task names.
func (r *workflowReader) reference(t *fileTask, out *WorkflowTask, own map[string]string) {
	at := t.own.Task.Node
	file, data, ok := r.readNamed(at, MaxBytes)
	if !ok || !r.onlyEnvs(t, "task") {
		return
	}
	sub := newParser(file, taskFormat)
	docs := sub.Documents(data)
	switch {
	case docs == nil || !sub.mappings(docs):
	case len(docs) > 1 || isKind(docs[0]) || isVolume(docs[0]) || docs[0].Has("execution"):
		r.Fail(at, "%s is no task file: a task of a workflow is a single task", at.Quote())
	default:
		in, _ := r.taskInputs(docs[0], out, r.withEnvs(t, own))
		out.Task = sub.task(docs[0], in)
	}
	r.take(sub)
	if len(sub.idle) > 0 {
		r.Fail(at, "%s: %s", at.Quote(), rules.NothingToRun)
	}
}

func (r *workflowReader) take(sub *parser) {
	r.Problems = append(r.Problems, sub.Problems...)
	r.claims = append(r.claims, sub.claims...)
}

// campaign reads the campaign file that a task names.
func (r *workflowReader) campaign(t *fileTask, out *WorkflowTask, own map[string]string) map[string]string {
	at := t.own.Campaign.Node
	alone := r.onlyEnvs(t, "campaign")
	for _, key := range []string{"task", "arch", "inputs"} {
		if f := t.n.Get(key); f != nil {
			r.FailKey(f, `has no meaning beside "campaign"`)
			alone = false
		}
	}
	file, data, ok := r.readNamed(at, MaxCampaignBytes)
	if !ok || !alone {
		return nil
	}
	env := &yamlfile.Node{Kind: yaml.MappingNode}
	if docs := yamlfile.NewReader(file, campaignFormat).Documents(data); docs != nil {
		if list := docs[0].Get("execution").Get("env"); list != nil {
			for _, item := range list.Items {
				env.Fields = append(env.Fields, item.Fields...)
			}
		}
	}
	env.Label, env.Key = ".envs", &yamlfile.Node{Kind: yaml.ScalarNode, Text: "envs"}
	in, shared := r.taskInputs(&yamlfile.Node{Kind: yaml.MappingNode, Fields: []*yamlfile.Node{env}}, out, r.withEnvs(t, own))
	c, err := ParseCampaign(file, data, in)
	var invalid *api.InvalidSpecError
	if errors.As(err, &invalid) {
		r.Problems = append(r.Problems, invalid.Problems...)
	}
	out.Campaign = c
	maps.Copy(shared, in.Envs)
	return shared
}

// onlyEnvs checks that a task that names a file has no fields of a task besides
// envs.
func (r *workflowReader) onlyEnvs(t *fileTask, key string) bool {
	ok := true
	for _, f := range t.fields.Fields {
		if f.Key.Text != "envs" {
			r.FailKey(f, "cannot stand beside %q; it belongs into the file that is named there", key)
			ok = false
		}
	}
	return ok
}

// withEnvs adds the variables that stand beside the name of a file to own, which
// override them.
func (r *workflowReader) withEnvs(t *fileTask, own map[string]string) map[string]string {
	f := t.fields.Get("envs")
	if f == nil || f.IsNull() {
		return own
	}
	var envs envField
	envs.Decode(r.Reader, f, yamlfile.Rules{})
	out := map[string]string{}
	for _, e := range envs.entries {
		if e.missing {
			r.Fail(e.n, "has no value (write \"\" if it is to be empty)")
		}
		out[e.name] = e.value
	}
	maps.Copy(out, own)
	return out
}

// readNamed reads the file that a node names.
func (r *workflowReader) readNamed(at *yamlfile.Node, limit int) (file string, data []byte, ok bool) {
	switch name := at.Text; {
	case name == "":
		r.Fail(at, "is empty; name a file")
		return "", nil, false
	case files.IsStream(name) || r.in.Read == nil:
		r.Fail(at, "%s cannot be read here; name a file", at.Quote())
		return "", nil, false
	case files.IsURL(name) || filepath.IsAbs(name) || strings.HasPrefix(name, "~"):
		file = name
	case files.IsURL(r.File):
		base, err := url.Parse(r.File)
		if err != nil {
			r.Fail(at, "%s cannot be read: the address of this file is not valid", at.Quote())
			return "", nil, false
		}
		file = base.ResolveReference(&url.URL{Path: name}).String()
	default:
		file = filepath.Join(files.Folder(r.File), name)
	}
	data, ok = r.named[file]
	if !ok {
		var err error
		data, err = r.in.Read(file, limit)
		var invalid *api.InvalidSpecError
		if errors.As(err, &invalid) {
			r.Fail(at, "%s cannot be read: %s", at.Quote(), invalid.Problems[0].Message)
			return "", nil, false
		}
		if err != nil {
			r.err = errors.Join(r.err, err)
			return "", nil, false
		}
		if r.named == nil {
			r.named = map[string][]byte{}
		}
		r.named[file] = data
	}
	if r.size += len(data); r.size > maxNamed {
		r.Fail(at, "the files that tasks name are too large: at most %d MiB are allowed, each file counted as often as it is named", maxNamed>>20)
		return "", nil, false
	}
	return files.Name(file), data, true
}

// approval returns who has to approve; nil if no approval is required.
func (r *workflowReader) approval(f yamlfile.Either[bool, approvalFile], n *yamlfile.Node) *workflow.Approval {
	if f.First != nil && *f.First {
		return &workflow.Approval{Required: 1}
	}
	if f.Second == nil {
		return nil
	}
	a := &workflow.Approval{Required: max(f.Second.Required.Value, 1), AllowSelf: f.Second.AllowSelf}
	a.Users = r.distinct(f.Second.Users.Value)
	a.Groups = r.distinct(f.Second.Groups.Value)
	at := n
	if f.Second.Required.IsSet() {
		at = f.Second.Required.Node
	}
	if len(a.Users) > 0 && len(a.Groups) == 0 && a.Required > len(a.Users) {
		r.Fail(at, "%d approvals are required, but only %d users may approve", a.Required, len(a.Users))
	}
	return a
}

// distinct returns the names of a list, in which each stands once.
func (r *workflowReader) distinct(list []yamlfile.At[string]) (names []string) {
	seen := map[string]bool{}
	for _, v := range list {
		switch {
		case v.Node == nil: // not text, which is reported
		case v.Value == "":
			r.Fail(v.Node, "is empty")
		case seen[v.Value]:
			r.Fail(v.Node, "%s stands in the list twice", v.Node.Quote())
		default:
			seen[v.Value] = true
			names = append(names, v.Value)
		}
	}
	return names
}

func (r *workflowReader) arch(t *fileTask) []string {
	var out []string
	f := t.own.Arch
	if f.First != nil {
		return []string{string(*f.First)}
	}
	if f.Second == nil {
		return nil
	}
	for i, a := range *f.Second {
		if a != "" && slices.Contains(out, string(a)) {
			r.Fail(t.n.Get("arch").Items[i], "%q stands in the list twice", a)
			continue
		}
		out = append(out, string(a))
	}
	return out
}

// when evaluates the task's condition.
func (r *workflowReader) when(n *yamlfile.Node, out *WorkflowTask, env map[string]string, matrix map[string]any) {
	if n == nil || n.IsNull() {
		return
	}
	if !n.IsText() || n.Tag == "!!bool" {
		out.Graph.Skip = n.Plain() != true
		return
	}
	out.When = n.Text
	e, known := r.whens[n.Text]
	if !known {
		var err error
		if e, err = when.Compile(n.Text); err != nil {
			r.Fail(n, "%s %s", n.Quote(), err)
		}
		if r.whens == nil {
			r.whens = map[string]*when.Expression{}
		}
		r.whens[n.Text] = e
	}
	if e == nil {
		return
	}
	holds, err := e.Holds(env, matrix)
	if err != nil {
		r.Fail(n, "%s %s", n.Quote(), err)
	}
	out.Graph.Skip = !holds
}
