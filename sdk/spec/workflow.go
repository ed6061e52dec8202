package spec

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

const (
	// maxWorkflowTasks is the number of tasks of the largest workflow, the tasks of
	// matrices counted one by one.
	maxWorkflowTasks = 10_000
	// maxDependencies limits the edges of the graph, since two matrices that depend on
	// each other have the product of their sizes.
	maxDependencies = 200_000
)

var workflowFormat = yamlfile.Format{Kind: "workflow", Contents: "workflow", Data: "a volume or in the image",
	MaxBytes: MaxCampaignBytes, MaxAliased: 200_000, Hint: listHint}

// Workflow is one validated workflow: the tasks of a file of kind Workflow, of a
// pipeline or of a job group, with defaults filled in, files that it names read,
// and matrices expanded.
type Workflow struct {
	// Path is the file as the user named it.
	Path string
	// Kind is KindWorkflow, KindPipeline or KindJobGroup.
	Kind Kind
	// Name as the user wrote it; empty when there is none.
	Name string
	// Tasks are in the order of the file; those of a matrix in the order of its
	// values.
	Tasks []*WorkflowTask
	// Env are the workflow's own variables, and RuntimeEnv those that each run takes
	// from its environment, both with values. The tasks have them among their Envs.
	Env, RuntimeEnv []EnvVar
	// Hold keeps tasks that wait for approval waiting when the run has failed.
	Hold bool
	// Concurrency is the group of runs that this one belongs to; nil for none.
	Concurrency *concurrency
	// Schedule is when runs are submitted; nil for never.
	Schedule *schedule
	Webhooks []webhook
	// EventCallback is a script that is executed at each change of a task, as
	// SkyPilot does it; empty for none.
	EventCallback string
	// JobGroup is the domain of a job group's host names, <task>-<rank>.<group>: its
	// name as a DNS label. It is empty for other kinds.
	JobGroup string
	// Ignored are the paths of the fields that have no meaning here, sorted. Tasks
	// have their own.
	Ignored []string
	// Claims are as in File, of all files.
	Claims []contexts.Claim
}

// WorkflowTask is one task of a workflow.
type WorkflowTask struct {
	// Graph is the task as a node of the graph. Its Name is a DNS label, unique in the
	// workflow.
	Graph workflow.Task
	// Task is what is submitted; nil for a Campaign. Its name is that of the node.
	Task     *Task
	Campaign *Campaign
	// When is the expression that Graph.Skip follows from; empty for none.
	When string
	// Timeout limits an attempt, from its first start; 0 for none.
	Timeout time.Duration
	// Matrix are the values of a task of a matrix.
	Matrix []EnvVar
	// RuntimeEnv are the names of the variables that come from the workflow's
	// RuntimeEnv: others of the same name override those.
	RuntimeEnv []string
	Inputs     []taskInput
	// OutputEnv are the names of the variables that dependents get.
	OutputEnv []string
	// EventCallback is the task's own, in place of the workflow's.
	EventCallback string
	// At is where the task stands in the file.
	At Position
}

type (
	concurrency struct {
		Group string
		// Policy is "queue", "cancel-previous" or "reject".
		Policy string
	}
	// schedule has the fields of a CronJob.
	schedule struct {
		Cron, TimeZone string
		// ConcurrencyPolicy is "Allow", "Forbid" or "Replace".
		ConcurrencyPolicy       string
		StartingDeadlineSeconds *int64
		Suspend                 bool
		// The limits are how many runs are kept that have succeeded, and that have ended in
		// another way.
		SuccessfulRunsHistoryLimit, FailedRunsHistoryLimit int
	}
	webhook struct {
		URL string
		// SecretName and SecretKey name a key of a Secret, which signs the requests;
		// empty for none.
		SecretName, SecretKey string
	}
	// taskInput is what a task takes from the outputs of one that it depends on.
	taskInput struct {
		// From is the name of a node. Path is relative to its outputs, or absolute as
		// it is there; empty for all.
		From, Path string
		// Overwrite lets the files replace those of other inputs.
		Overwrite bool
	}
)

// Graph returns what a run's decisions are made from.
func (w *Workflow) Graph() *workflow.Workflow {
	g := &workflow.Workflow{Name: w.Name, OnFailure: workflow.CancelWaiting, Tasks: make([]workflow.Task, len(w.Tasks))}
	if w.Hold {
		g.OnFailure = workflow.HoldWaiting
	}
	for i, t := range w.Tasks {
		g.Tasks[i] = t.Graph
	}
	return g
}

// ParseWorkflow validates the bytes of one workflow, pipeline or job group, and
// fills in what the command line adds. path is used in messages, and to find files
// that the workflow names, which in.Read reads. A field that is null counts as
// absent. The error is an *api.InvalidSpecError with every problem that was found, in
// the order of the file, those of named files behind it; or an error of in.Read that is
// of another type.
func ParseWorkflow(path string, data []byte, in Inputs) (*Workflow, error) {
	r := newParser(path, workflowFormat)
	r.checkInputs(in)
	w := &Workflow{Path: path, Kind: KindWorkflow}
	wr := &workflowReader{parser: r, in: in, w: w}
	if at, n := countTasks(data); n > maxWorkflowTasks {
		r.Add(at.Line, at.Column, "tasks", tooManyTasks(n))
	} else if docs := r.Documents(data); docs != nil && r.mappings(docs) {
		if isKind(docs[0]) {
			wr.read(docs)
		} else {
			wr.series(docs)
		}
	}
	for _, doc := range r.idle {
		r.nothingToRun(doc)
	}
	if wr.err != nil {
		return nil, wr.err
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	w.Claims = r.claims
	if w.Claims == nil {
		w.Claims = []contexts.Claim{{File: path}}
	}
	return w, nil
}

func tooManyTasks(n int) string {
	return fmt.Sprintf("the workflow has %d tasks; at most %d are allowed", n, maxWorkflowTasks)
}

func isKind(doc *yamlfile.Node) bool { return doc.Has("kind") }

var (
	kindLine      = regexp.MustCompile(`(?mi)^["']?kind["']?[ \t]*:[ \t]*["']?workflow\b|^\{\s*(?:"[^"]*"\s*:\s*"[^"]*"\s*,\s*)*"kind"\s*:\s*"workflow"`)
	executionLine = regexp.MustCompile(`(?m)^execution[ \t]*:[ \t]*["']?(serial|parallel)\b`)
	documentLine  = regexp.MustCompile(`(?m)^---(?:[ \t\r].*)?$`)
	contentLine   = regexp.MustCompile(`(?m)^[ \t]*[^ \t\r\n#.]`)
)

// IsWorkflow reports whether a file is a workflow, a pipeline or a job group, and
// not a task or a campaign. It does not say that the file is right.
func IsWorkflow(path string, data []byte) bool {
	switch {
	case filepath.Ext(path) == ".vast":
		return false
	case kindLine.Match(data):
		return true
	case IsCampaign(path, data):
		return false
	case executionLine.Match(data):
		return true
	}
	documents := 0
	for _, doc := range documentLine.Split(string(bytes.TrimPrefix(data, []byte("\ufeff"))), -1) {
		if contentLine.MatchString(doc) {
			documents++
		}
	}
	return documents > 1
}

// countTasks returns how many tasks a workflow has, and where their mapping stands,
// without parsing the file: that takes much memory for one that has too many. It
// counts the lines with the least indentation below "tasks", or the keys of a mapping in
// braces. Of files in other forms it counts 0; the parser counts theirs again.
func countTasks(data []byte) (at Position, n int) {
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return countJSON(data)
	}
	rest := data
	for line := 1; len(rest) > 0; line++ {
		text, below, _ := bytes.Cut(rest, []byte("\n"))
		if after, ok := cutTasks(text); ok {
			switch after = bytes.TrimLeft(after, " \t\r"); {
			case len(after) == 0 || after[0] == '#':
				return Position{line, 1}, countBlock(below)
			case after[0] == '{':
				return Position{line, 1}, countFlow(rest[len(text)-len(after):])
			}
			return at, 0
		}
		rest = below
	}
	return at, 0
}

// cutTasks returns what stands behind the key "tasks", with which a text begins.
func cutTasks(text []byte) (after []byte, ok bool) {
	for _, key := range []string{"tasks", `"tasks"`, "'tasks'"} {
		if after, ok = bytes.CutPrefix(text, []byte(key)); ok {
			return bytes.CutPrefix(bytes.TrimLeft(after, " \t\r\n"), []byte(":"))
		}
	}
	return nil, false
}

// countBlock counts the keys of a mapping in block style.
func countBlock(data []byte) (n int) {
	indent := -1
	for line := range bytes.Lines(data) {
		text := bytes.TrimLeft(line, " ")
		if visible := bytes.TrimSpace(text); len(visible) == 0 || visible[0] == '#' {
			continue
		}
		depth := len(line) - len(text)
		if indent < 0 {
			indent = depth
		}
		switch depth {
		case 0:
			return n
		case indent:
			n++
		}
	}
	return n
}

// countJSON counts the tasks of a file that is in braces as a whole.
func countJSON(data []byte) (at Position, n int) {
	for off := 0; ; {
		i := bytes.Index(data[off:], []byte(`"tasks"`))
		if i < 0 {
			return at, 0
		}
		off += i
		after, ok := cutTasks(data[off:])
		if after = bytes.TrimLeft(after, " \t\r\n"); ok && bytes.HasPrefix(after, []byte("{")) {
			line := bytes.LastIndexByte(data[:off], '\n') + 1
			return Position{bytes.Count(data[:off], []byte("\n")) + 1, utf8.RuneCount(data[line:off]) + 1}, countFlow(after)
		}
		off += len(`"tasks"`)
	}
}

// countFlow counts the keys of a mapping in flow style, at whose brace data begins.
func countFlow(data []byte) (n int) {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return n
			}
		case ':':
			if depth == 1 {
				n++
			}
		}
	}
	return n
}
