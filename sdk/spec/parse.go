package spec

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/contexts"
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
	taskFormat = format{kind: "task", contents: "task, pipeline or volume", data: "a volume or in the image",
		maxBytes: MaxBytes, maxAliased: 10_000, hint: listHint}
	campaignFormat = format{kind: "campaign", contents: "campaign", data: "run_files",
		maxBytes: MaxCampaignBytes, maxAliased: 1_000_000, hint: listHint}
)

// parser makes values of the documents of one file.
type parser struct {
	*reader
	// idle are the documents that have nothing to run.
	idle []*node
	// claims are the contexts that the file is for.
	claims []contexts.Claim
}

func newParser(path string, f format) *parser { return &parser{reader: newReader(path, f)} }

// Parse validates the bytes of one file, which is a task, a pipeline, a job
// group or a volume in SkyPilot's format, and fills in what the command line
// adds. path is used in messages only. A field that is null counts as absent.
// The error is an *api.InvalidSpecError with every problem that was found, in the
// file's order.
//
// A task that has nothing to run is no problem by itself: SkyPilot takes it
// too, for the sake of its machines. It cannot be submitted (see Task.Idle).
func Parse(path string, data []byte, in Inputs) (*File, error) {
	r := newParser(path, taskFormat)
	r.checkInputs(in)
	var f *File
	if docs := r.documents(data); docs != nil && r.mappings(docs) {
		f = r.parseFile(docs, in)
	}
	if len(r.problems) > 0 {
		for _, doc := range r.idle {
			r.fail(doc, "%s", NothingToRun)
		}
	}
	if err := r.err(); err != nil {
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
func (r *parser) mappings(docs []*node) bool {
	ok := true
	for _, doc := range docs {
		if doc.kind == yaml.MappingNode {
			continue
		}
		ok = false
		if m := noBlank.FindStringSubmatch(doc.text); m != nil && doc.kind == yaml.ScalarNode {
			r.fail(doc, "a blank is missing behind the colon: write \"%s: ...\"", m[1])
		} else {
			r.fail(doc, "a file must be a mapping of fields (name, resources, run ...), not %s", doc.kindName())
		}
	}
	return ok
}

func (r *parser) parseFile(docs []*node, in Inputs) *File {
	switch first := docs[0]; {
	case len(docs) == 1 && isVolume(first):
		return &File{Kind: KindVolume, Volume: r.volume(first, in)}
	case len(docs) == 1 && !first.has("execution"):
		return &File{Kind: KindTask, Tasks: []*Task{r.task(first, in)}}
	}
	return r.several(docs, in)
}

// several reads a pipeline or a job group: tasks behind an optional header.
func (r *parser) several(docs []*node, in Inputs) *File {
	f := &File{Kind: KindPipeline}
	var h headerFile
	first := docs[0]
	if first.has("execution") || len(first.fields) == 1 && first.has("name") {
		docs = docs[1:]
		h = r.header(first, f)
	}
	if in.Name != "" {
		f.Name, in.Name = in.Name, "" // it names the whole, not each task
	}
	for _, doc := range docs {
		if isVolume(doc) {
			r.failKey(doc.fields[0], "a volume must be in a file of its own")
			continue
		}
		if t := r.task(doc, in); t != nil {
			f.Tasks = append(f.Tasks, t)
		}
	}
	if len(docs) == 0 {
		r.fail(first, "no task follows; a document with the tasks must stand behind \"---\"")
	}
	if f.Kind == KindJobGroup {
		r.group(first, h, docs, f.Tasks)
	}
	return f
}

// header reads the first document. In a job group SkyPilot passes over
// fields that it does not know.
func (r *parser) header(doc *node, f *File) headerFile {
	var h headerFile
	known := *doc
	parallel := doc.get("execution")
	if parallel != nil && parallel.text == "parallel" {
		f.Kind = KindJobGroup
		known.fields = slices.DeleteFunc(slices.Clone(doc.fields), func(n *node) bool {
			extra := !slices.Contains([]string{"name", "execution", "primary_tasks", "termination_delay"}, n.key.text)
			if extra {
				r.ignore(n)
			}
			return extra
		})
	}
	r.decode(&known, &h)
	f.Name, f.Ignored = h.Name.v, r.takeIgnored()
	if h.Name.set() {
		if msg := checkName(h.Name.v); msg != "" {
			r.fail(h.Name.n, "%s %s", h.Name.n.quote(), msg)
		}
	}
	if f.Kind == KindPipeline {
		for _, key := range []string{"primary_tasks", "termination_delay"} {
			if n := doc.get(key); n != nil {
				r.failKey(n, "belongs to a job group, that is to execution: parallel")
			}
		}
	}
	return h
}

// group checks what holds between the documents of a job group.
func (r *parser) group(head *node, h headerFile, docs []*node, tasks []*Task) {
	if !h.Name.set() {
		r.fail(head, "\"name\" is missing: a job group must have one")
	}
	if len(docs) == 1 {
		r.fail(head, "a job group has at least two tasks; this one has one")
	}
	names := map[string]bool{}
	for _, doc := range docs {
		n := doc.get("name")
		switch {
		case n == nil || n.isNull():
			r.fail(doc, "\"name\" is missing: each task of a job group must have one")
		case names[n.text]:
			r.fail(n, "%s is the name of another task of this job group", n.quote())
		case !groupName.MatchString(n.text):
			r.fail(n, "%s becomes a host name in a job group: only letters, digits, \"-\" and \"_\" are allowed", n.quote())
		}
		if n != nil {
			names[n.text] = true
		}
	}
	if tasks == nil {
		return
	}
	for _, p := range h.PrimaryTasks.v {
		if p.set() && !names[p.v] {
			r.fail(p.n, "%s is no task of this job group", p.n.quote())
		}
	}
	if h.TerminationDelay.set() {
		for _, d := range h.TerminationDelay.n.fields {
			if d.key.text != "default" && !names[d.key.text] {
				r.failKey(d, "is no task of this job group")
			}
		}
	}
}
