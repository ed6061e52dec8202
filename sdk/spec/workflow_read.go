package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/sdk/internal/cron"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// read reads a document of kind Workflow.
func (r *workflowReader) read(docs []*yamlfile.Node) {
	if len(docs) > 1 {
		r.Fail(docs[1], "a workflow is one document; give this one a file of its own")
		return
	}
	var f workflowFile
	r.Decode(docs[0], &f)
	r.w.Name, r.w.Ignored = f.Name.Value, r.TakeIgnored()
	if f.Name.IsSet() {
		if msg := checkName(f.Name.Value); msg != "" {
			r.Fail(f.Name.Node, "%s %s", f.Name.Node.Quote(), msg)
		}
	}
	if r.in.Name != "" {
		r.w.Name = r.in.Name
	}
	r.w.Hold, r.w.EventCallback = strings.EqualFold(f.OnFailure, "hold"), f.Callback.Value
	r.variables(&f)
	r.concurrency(docs[0], f.Concurrency)
	r.schedule(f.Schedule)
	r.webhooks(f.Webhook)
	switch n := f.Tasks.n; {
	case n == nil: // missing, which is reported
	case len(n.Fields) == 0:
		r.Fail(n, "the workflow has no task")
	default:
		r.readTasks(n)
	}
}

// readTasks reads the tasks of a mapping of names to tasks.
func (r *workflowReader) readTasks(n *yamlfile.Node) {
	if len(n.Fields) > maxWorkflowTasks {
		r.FailKey(n, "%s", tooManyTasks(len(n.Fields)))
		return
	}
	r.index = make(map[string]int, len(n.Fields))
	total := 0
	for _, f := range n.Fields {
		r.checkNode(f)
		t := r.fileTask(f)
		r.index[t.name] = len(r.tasks)
		r.tasks = append(r.tasks, t)
		total += t.own.Matrix.size()
	}
	r.graph()
	if total > maxWorkflowTasks {
		r.FailKey(n, "%s", tooManyTasks(total))
		return
	}
	for _, t := range r.tasks {
		r.makeTasks(t)
	}
	r.outputPaths()
	if len(r.Problems) == 0 && r.err == nil {
		r.connect()
	}
}

// size is an upper bound of the number of tasks that a matrix makes; 1 for none.
func (m *matrixField) size() int {
	if m.n == nil {
		return 1
	}
	n := 0
	if len(m.axes) > 0 {
		n = 1
	}
	for _, a := range m.axes {
		n = min(n*len(a.values), maxWorkflowTasks+1)
	}
	return n + len(m.include)
}

// makeTasks makes the tasks of the workflow that a task of the file becomes.
func (r *workflowReader) makeTasks(t *fileTask) {
	if t.own.Matrix.n == nil {
		if n := t.own.MaxParallel.Node; n != nil {
			r.FailKey(n, `has no meaning without "matrix"`)
		}
		t.made = append(t.made, r.makeTask(t, t.name, nil))
		return
	}
	for _, name := range t.own.Matrix.variables() {
		if _, given := r.in.Envs[name]; given {
			r.FailOption("Envs", "%s is a variable of the matrix of task %q and cannot be given", name, t.name)
		}
	}
	combinations := r.combinations(&t.own.Matrix)
	for _, c := range combinations {
		name := r.combinationName(t.name, c)
		r.index[name] = -1 // taken
		t.made = append(t.made, r.makeTask(t, name, c))
	}
}

func (m *matrixField) variables() (names []string) {
	for _, a := range m.axes {
		names = append(names, a.name)
	}
	for _, set := range m.include {
		for _, v := range set {
			if !slices.Contains(names, v.name) {
				names = append(names, v.name)
			}
		}
	}
	return names
}

// combinations returns the combinations of a matrix: all of its lists, the last
// list first, without those of exclude, then those of include.
func (r *workflowReader) combinations(m *matrixField) [][]matrixValue {
	var out [][]matrixValue
	if len(m.axes) > 0 {
		out = [][]matrixValue{nil}
	}
	for _, a := range m.axes {
		var longer [][]matrixValue
		for _, c := range out {
			for _, v := range a.values {
				longer = append(longer, append(slices.Clip(c), v))
			}
		}
		out = longer
	}
	for _, set := range m.exclude {
		before := len(out)
		out = slices.DeleteFunc(out, func(c []matrixValue) bool { return covers(c, set) })
		if len(out) == before {
			r.Fail(set[0].n.Parent, "excludes nothing: no combination has these values")
		}
	}
	for _, set := range m.include {
		if slices.ContainsFunc(out, func(c []matrixValue) bool { return len(c) == len(set) && covers(c, set) }) {
			r.Fail(set[0].n.Parent, "is a combination of the matrix already")
			continue
		}
		out = append(out, set)
	}
	if len(out) == 0 {
		r.Fail(m.n, "the matrix has no combination")
	}
	return out
}

// covers reports whether a combination has all values of a set.
func covers(c, set []matrixValue) bool {
	for _, want := range set {
		if !slices.ContainsFunc(c, func(v matrixValue) bool { return v.name == want.name && v.n.Variable() == want.n.Variable() }) {
			return false
		}
	}
	return true
}

var notInNode = regexp.MustCompile(`[^a-z0-9]+`)

// combinationName returns the name of a matrix's task: the values behind the name,
// or a hash of them where that is too long or taken.
func (r *workflowReader) combinationName(task string, c []matrixValue) string {
	parts := []string{task}
	var exact [][2]string
	for _, v := range c {
		parts = append(parts, v.n.Variable())
		exact = append(exact, [2]string{v.name, v.n.Variable()})
	}
	name := strings.Trim(notInNode.ReplaceAllString(strings.ToLower(strings.Join(parts, "-")), "-"), "-")
	if _, taken := r.index[name]; !taken && len(name) <= maxNode {
		return name
	}
	text, _ := json.Marshal(exact)
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:4])
	return strings.Trim(name[:min(len(name), maxNode-1-len(hash))], "-") + "-" + hash
}

// variables reads env and runtime_env.
func (r *workflowReader) variables(f *workflowFile) {
	own := map[string]string{}
	at := map[string]*yamlfile.Node{}
	for _, e := range f.Env.entries {
		at[e.name] = e.n
		if v, given := r.in.Envs[e.name]; given {
			own[e.name] = v
		}
	}
	env := environment{values: map[string]string{}, missing: map[string]bool{}}
	r.w.Env = r.resolve(&env, f.Env.entries, own, "Envs")
	r.onlyIn(f.Env.entries, r.in.Secrets, "env", "secrets", "Envs")
	r.onlyIn(f.RuntimeEnv.entries, r.in.Secrets, "runtime_env", "secrets", "Envs")
	for _, e := range f.RuntimeEnv.entries {
		if first := at[e.name]; first != nil {
			r.FailKey(e.n, "%s stands on line %d already", e.name, first.Line)
			continue
		}
		at[e.name] = e.n
		value, ok := r.in.Envs[e.name]
		if !ok && r.in.Lookup != nil {
			value, ok = r.in.Lookup(e.name)
		}
		switch {
		case ok:
		case e.missing:
			r.FailKeyWith(setVariable("Envs", e.name), e.n, "%s is not set in your environment", e.name)
		default:
			value = e.value
		}
		r.w.RuntimeEnv = append(r.w.RuntimeEnv, EnvVar{Name: e.name, Value: value})
	}
}

func (r *workflowReader) concurrency(doc *yamlfile.Node, f concurrencyFile) {
	n := doc.Get("concurrency")
	if n == nil || n.IsNull() {
		return
	}
	if !f.Group.IsSet() {
		r.Fail(n, `"group" is missing`)
	}
	r.w.Concurrency = &concurrency{Group: f.Group.Value, Policy: "queue"}
	if f.Policy.IsSet() {
		r.w.Concurrency.Policy = strings.ToLower(f.Policy.Value)
	}
}

func (r *workflowReader) schedule(f yamlfile.Either[yamlfile.At[string], scheduleFile]) {
	var s scheduleFile
	switch {
	case f.First != nil:
		s.Cron = *f.First
	case f.Second != nil:
		s = *f.Second
	default:
		return
	}
	out := &schedule{Cron: s.Cron.Value, TimeZone: s.TimeZone.Value, ConcurrencyPolicy: "Allow", Suspend: s.Suspend}
	if s.Cron.IsSet() {
		if err := cron.Check(s.Cron.Value); err != nil {
			r.Fail(s.Cron.Node, "%s is no cron expression: %s", s.Cron.Node.Quote(), err)
		}
	}
	if n := s.TimeZone.Node; n != nil && !isTimeZone(s.TimeZone.Value) {
		r.Fail(n, `%s is no time zone; write one of the tz database, for example "Europe/Berlin" or "Etc/UTC"`, n.Quote())
	}
	for _, word := range []string{"Allow", "Forbid", "Replace"} {
		if strings.EqualFold(word, s.ConcurrencyPolicy.Value) {
			out.ConcurrencyPolicy = word
		}
	}
	if s.StartingDeadlineSeconds != nil {
		seconds := int64(*s.StartingDeadlineSeconds)
		out.StartingDeadlineSeconds = &seconds
	}
	out.SuccessfulRunsHistoryLimit, out.FailedRunsHistoryLimit = orDefault(s.SuccessfulRunsHistoryLimit), orDefault(s.FailedRunsHistoryLimit)
	r.w.Schedule = out
}

// keptRuns is how many runs of a schedule are kept without a limit in the file.
const keptRuns = 10

func orDefault(limit *int) int {
	if limit == nil {
		return keptRuns
	}
	return *limit
}

// isTimeZone accepts what Kubernetes does: a name of the tz database, and not
// "Local". Where this machine has no such database, any name in its form.
func isTimeZone(name string) bool {
	if name == "" || strings.EqualFold(name, "local") || !zoneForm.MatchString(name) {
		return false
	}
	if _, err := time.LoadLocation("Etc/GMT+1"); err != nil {
		return true
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

var zoneForm = regexp.MustCompile(`^[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}$`)

func (r *workflowReader) webhooks(f yamlfile.Either[webhookFile, []webhookFile]) {
	var list []webhookFile
	switch {
	case f.First != nil:
		list = []webhookFile{*f.First}
	case f.Second != nil:
		list = *f.Second
	}
	for _, h := range list {
		out := webhook{URL: h.URL.Value}
		if h.URL.IsSet() {
			// The address may hold credentials, so it is not quoted.
			switch u, err := url.Parse(h.URL.Value); {
			case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
				r.Fail(h.URL.Node, `is no address; write "https://host/path"`)
			case u.User != nil:
				r.Fail(h.URL.Node, `holds credentials; requests are signed with the key of a Secret that "secret" names`)
			}
		}
		if s := h.Secret.Value; h.Secret.IsSet() {
			out.SecretName, out.SecretKey = s.Name.Value, s.Key.Value
			if s.Name.IsSet() && len(validation.IsDNS1123Subdomain(s.Name.Value)) > 0 {
				r.Fail(s.Name.Node, "%s is not the name of a Secret", s.Name.Node.Quote())
			}
			if s.Key.IsSet() && len(validation.IsConfigMapKey(s.Key.Value)) > 0 {
				r.Fail(s.Key.Node, "%s is not a key of a Secret", s.Key.Node.Quote())
			}
		}
		r.w.Webhooks = append(r.w.Webhooks, out)
	}
}

// nothingToRun reports a task without a script.
func (r *parser) nothingToRun(doc *yamlfile.Node) { r.Fail(doc, "%s", rules.NothingToRun) }
