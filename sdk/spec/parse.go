// Package spec reads the files that users write, task YAML and campaigns, into
// validated values. It reports all problems of a file at once, each with its line,
// column and path, and uses no cluster.
package spec

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

const (
	// MaxBytes is the size of the largest task file, and of the largest file of
	// variables: a task's objects must fit in etcd, and no file that people write by
	// hand comes near it.
	MaxBytes = 1 << 20
	// MaxCampaignBytes is the size of the largest campaign file: programs write
	// those, and one may list thousands of configurations.
	MaxCampaignBytes = 16 << 20
)

var (
	taskFormat = yamlfile.Format{Kind: "task", Contents: "task, pipeline or volume", Data: "a volume or in the image",
		MaxBytes: MaxBytes, MaxAliased: 10_000, Hint: listHint}
	campaignFormat = yamlfile.Format{Kind: "campaign", Contents: "campaign", Data: "run_files",
		MaxBytes: MaxCampaignBytes, MaxAliased: 1_000_000, Hint: listHint}
)

// parser makes values of the documents of one file.
type parser struct {
	*yamlfile.Reader
	// idle are the documents that have nothing to run.
	idle []*yamlfile.Node
	// claims are the contexts that the file is for.
	claims []contexts.Claim
}

func newParser(path string, f yamlfile.Format) *parser {
	return &parser{Reader: yamlfile.NewReader(path, f)}
}

// Parse validates the bytes of one file, which is a task, a pipeline, a job
// group or a volume in SkyPilot's format, and fills in what the command line
// adds. path is used in messages only. A field that is null counts as absent.
// The error is an *api.InvalidSpecError with every problem that was found, in the
// file's order.
//
// A task that has nothing to run is valid: SkyPilot accepts it too, to
// provision nodes. It cannot be submitted (see Task.Idle).
func Parse(path string, data []byte, in Inputs) (*File, error) {
	r := newParser(path, taskFormat)
	r.checkInputs(in)
	var f *File
	if docs := r.Documents(data); docs != nil && r.mappings(docs) {
		f = r.parseFile(docs, in)
	}
	if len(r.Problems) > 0 {
		for _, doc := range r.idle {
			r.Fail(doc, "%s", rules.NothingToRun)
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	f.Path, f.Claims = path, r.claims
	if f.Claims == nil {
		f.Claims = []contexts.Claim{{File: path}}
	}
	return f, nil
}

// mappings reports whether every document is a mapping. Of one that is not,
// nothing else can be said.
func (r *parser) mappings(docs []*yamlfile.Node) bool {
	ok := true
	for _, doc := range docs {
		if doc.Kind == yaml.MappingNode {
			continue
		}
		ok = false
		if m := yamlfile.NoBlank.FindStringSubmatch(doc.Text); m != nil && doc.Kind == yaml.ScalarNode {
			r.Fail(doc, "a blank is missing behind the colon: write \"%s: ...\"", m[1])
		} else {
			r.Fail(doc, "a file must be a mapping of fields (name, resources, run ...), not %s", doc.KindName())
		}
	}
	return ok
}

func (r *parser) parseFile(docs []*yamlfile.Node, in Inputs) *File {
	switch first := docs[0]; {
	case len(docs) == 1 && isVolume(first):
		return &File{Kind: KindVolume, Volume: r.volume(first, in)}
	case len(docs) == 1 && !first.Has("execution"):
		return &File{Kind: KindTask, Tasks: []*Task{r.task(first, in)}}
	}
	f, _ := r.several(docs, in)
	return f
}

// several reads a pipeline or a job group: tasks behind an optional header, which
// is returned too.
func (r *parser) several(docs []*yamlfile.Node, in Inputs) (*File, headerFile) {
	f := &File{Kind: KindPipeline}
	var h headerFile
	first := docs[0]
	if first.Has("execution") || len(first.Fields) == 1 && first.Has("name") {
		docs = docs[1:]
		h = r.header(first, f)
	}
	if in.Name != "" {
		f.Name, in.Name = in.Name, "" // it names the whole, not each task
	}
	for _, doc := range docs {
		if isVolume(doc) {
			r.FailKey(doc.Fields[0], "a volume must be in a file of its own")
			continue
		}
		if t := r.task(doc, in); t != nil {
			f.Tasks = append(f.Tasks, t)
		}
	}
	if len(docs) == 0 {
		r.Fail(first, "no task follows; a document with the tasks must stand behind \"---\"")
	}
	if f.Kind == KindJobGroup {
		r.group(first, h, docs, f.Tasks)
	}
	return f, h
}

// header reads the first document. In a job group SkyPilot ignores unknown
// fields.
func (r *parser) header(doc *yamlfile.Node, f *File) headerFile {
	var h headerFile
	known := *doc
	parallel := doc.Get("execution")
	if parallel != nil && parallel.Text == "parallel" {
		f.Kind = KindJobGroup
		known.Fields = slices.DeleteFunc(slices.Clone(doc.Fields), func(n *yamlfile.Node) bool {
			extra := !slices.Contains([]string{"name", "execution", "primary_tasks", "termination_delay"}, n.Key.Text)
			if extra {
				r.Ignore(n)
			}
			return extra
		})
	}
	r.Decode(&known, &h)
	f.Name, f.Ignored = h.Name.Value, r.TakeIgnored()
	if h.Name.IsSet() {
		if msg := checkName(h.Name.Value); msg != "" {
			r.Fail(h.Name.Node, "%s %s", h.Name.Node.Quote(), msg)
		}
	}
	if f.Kind == KindPipeline {
		for _, key := range []string{"primary_tasks", "termination_delay"} {
			if n := doc.Get(key); n != nil {
				r.FailKey(n, "belongs to a job group, that is to execution: parallel")
			}
		}
	}
	return h
}

// group checks what holds between the documents of a job group.
func (r *parser) group(head *yamlfile.Node, h headerFile, docs []*yamlfile.Node, tasks []*Task) {
	if !h.Name.IsSet() {
		r.Fail(head, "\"name\" is missing: a job group must have one")
	}
	if len(docs) == 1 {
		r.Fail(head, "a job group has at least two tasks; this one has one")
	}
	names := map[string]bool{}
	for _, doc := range docs {
		n := doc.Get("name")
		switch {
		case n == nil || n.IsNull():
			r.Fail(doc, "\"name\" is missing: each task of a job group must have one")
		case names[n.Text]:
			r.Fail(n, "%s is the name of another task of this job group", n.Quote())
		case !groupName.MatchString(n.Text):
			r.Fail(n, "%s becomes a host name in a job group: only letters, digits, \"-\" and \"_\" are allowed", n.Quote())
		}
		if n != nil {
			names[n.Text] = true
		}
	}
	if tasks == nil {
		return
	}
	for _, p := range h.PrimaryTasks.Value {
		if p.IsSet() && !names[p.Value] {
			r.Fail(p.Node, "%s is no task of this job group", p.Node.Quote())
		}
	}
	if h.TerminationDelay.IsSet() {
		for _, d := range h.TerminationDelay.Node.Fields {
			if d.Key.Text != "default" && !names[d.Key.Text] {
				r.FailKey(d, "is no task of this job group")
			}
		}
	}
}
