// Package record is the format of a workflow's run in the cluster: one ConfigMap with the
// state, which owns the run's other objects, and immutable ConfigMaps with the parts of the
// specification. The specification contains the objects of all tasks as the client rendered
// them, so that a driver needs nothing else. It sends no request.
package record

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/kubevast/vast/internal/workflow"
)

// Version is the version of the format.
const Version = 1

// Spec is what never changes of a run.
type Spec struct {
	Version int `json:"version"`
	// Workflow is the graph.
	Workflow workflow.Workflow `json:"workflow"`
	// Hosts is the headless Service in whose domain the nodes of a job group's tasks have
	// names; empty for none.
	Hosts string `json:"hosts,omitempty"`
	// Secrets is the template whose Secrets the tasks have; empty if they are the run's own.
	Secrets string `json:"secrets,omitempty"`
	// RuntimeEnv are the variables that each run takes from its environment, with the
	// values of this one.
	RuntimeEnv map[string]string `json:"runtimeEnv,omitempty"`
	// Campaigns are the tasks that are campaigns, by their names.
	Campaigns map[string]*Campaign `json:"campaigns,omitempty"`
	// Webhooks receive the events of the run. Callbacks: a task has a Callback.
	Webhooks  []Webhook `json:"webhooks,omitempty"`
	Callbacks bool      `json:"callbacks,omitempty"`
	// Chunks are where the objects of the tasks are: each chunk has those of several tasks
	// in the order of the graph.
	Chunks []Chunk `json:"chunks"`
}

// Chunk is a range of tasks and of bytes.
type Chunk struct {
	// First is the index of the first task, Offset the position of the chunk in the
	// stream after the header.
	First  int `json:"first"`
	Offset int `json:"offset"`
	Size   int `json:"size"`
}

// Objects are those of one task of a run, rendered for its first attempt. Secrets are not
// among them: the client creates those of a run at its submission.
type Objects struct {
	Job             *batchv1.Job                 `json:"job,omitempty"`
	Services        []corev1.Service             `json:"services,omitempty"`
	ConfigMaps      []corev1.ConfigMap           `json:"configMaps,omitempty"`
	NetworkPolicies []networkingv1.NetworkPolicy `json:"networkPolicies,omitempty"`
	// RuntimeEnv are the names of the variables of Spec.RuntimeEnv that the task has.
	RuntimeEnv []string `json:"runtimeEnv,omitempty"`
	// Callback is a script that is executed at each change of the task; empty for none.
	Callback string `json:"callback,omitempty"`
}

// Webhook is where events are sent. Secret and Key name the key of a Secret that signs the
// requests; empty for none. The address may be a secret itself, and stands in no message.
type Webhook struct {
	URL    string `json:"url"`
	Secret string `json:"secret,omitempty"`
	Key    string `json:"key,omitempty"`
}

const (
	// chunkSize is how many bytes of JSON a chunk has, unless one task has more.
	chunkSize = 512 << 10
	// PartSize is how many bytes of the stream a ConfigMap has, of its 1 MiB.
	PartSize = 900 << 10
	// maxChunk bounds what a chunk is decompressed to.
	maxChunk = 64 << 20
	// maxHeader bounds what the header is decompressed to.
	maxHeader = 256 << 20
)

// Writer collects the objects of the tasks of a run in the order of the graph.
type Writer struct {
	chunks  []Chunk
	stream  bytes.Buffer
	pending []json.RawMessage
	size, n int
}

// Add adds the objects of the next task.
func (w *Writer) Add(o *Objects) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	w.pending, w.size, w.n = append(w.pending, data), w.size+len(data), w.n+1
	if w.size < chunkSize {
		return nil
	}
	return w.flush()
}

func (w *Writer) flush() error {
	if len(w.pending) == 0 {
		return nil
	}
	packed, err := Pack(w.pending)
	if err != nil {
		return err
	}
	w.chunks = append(w.chunks, Chunk{First: w.n - len(w.pending), Offset: w.stream.Len(), Size: len(packed)})
	w.stream.Write(packed)
	w.pending, w.size = nil, 0
	return nil
}

// Parts returns the specification as pieces of at most PartSize bytes. It sets Version and
// Chunks of s, and returns an error if the graph has another number of tasks than were
// added.
func (w *Writer) Parts(s Spec) ([][]byte, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	if len(s.Workflow.Tasks) != w.n {
		return nil, fmt.Errorf("the graph has %d tasks, and the objects of %d were added", len(s.Workflow.Tasks), w.n)
	}
	s.Version, s.Chunks = Version, w.chunks
	header, err := Pack(s)
	if err != nil {
		return nil, err
	}
	all := binary.BigEndian.AppendUint64(nil, uint64(len(header)))
	all = append(append(all, header...), w.stream.Bytes()...)
	var parts [][]byte
	for len(all) > 0 {
		n := min(len(all), PartSize)
		parts, all = append(parts, all[:n:n]), all[n:]
	}
	return parts, nil
}

// Reader reads a specification. It is not safe for concurrent use.
type Reader struct {
	Spec
	stream []byte
	index  map[string]int
	// last is the chunk that was decompressed last.
	last    int
	objects []json.RawMessage
}

// Header reads the Spec from the first parts of a specification. Its zero value is empty.
type Header struct{ stream []byte }

// Add adds the next part.
func (h *Header) Add(part []byte) { h.stream = append(h.stream, part...) }

// Complete reports whether no further part is needed.
func (h *Header) Complete() bool {
	_, _, ok := h.cut()
	return ok
}

// cut returns the header and what follows it, if the header is complete.
func (h *Header) cut() (header, rest []byte, ok bool) {
	if len(h.stream) < 8 {
		return nil, nil, false
	}
	size, rest := binary.BigEndian.Uint64(h.stream), h.stream[8:]
	if size > uint64(len(rest)) {
		return nil, nil, false
	}
	return rest[:size], rest[size:], true
}

// Spec returns the specification without the objects of the tasks.
func (h *Header) Spec() (*Spec, error) {
	header, _, ok := h.cut()
	if !ok {
		return nil, errIncomplete
	}
	s := &Spec{}
	if err := Unpack(header, maxHeader, s); err != nil {
		return nil, fmt.Errorf("the specification: %w", err)
	}
	if s.Version != Version {
		return nil, fmt.Errorf("the specification has version %d; this program reads version %d", s.Version, Version)
	}
	return s, nil
}

var errIncomplete = errors.New("the specification is incomplete")

// Read reads the parts of a specification, whose order is theirs.
func Read(parts [][]byte) (*Reader, error) {
	h := Header{stream: bytes.Join(parts, nil)}
	spec, err := h.Spec()
	if err != nil {
		return nil, err
	}
	r := &Reader{Spec: *spec, last: -1}
	_, r.stream, _ = h.cut()
	chunks := r.Chunks
	for _, c := range r.Campaigns {
		chunks = append(chunks[:len(chunks):len(chunks)], c.Chunks...)
	}
	for _, c := range chunks {
		if c.First < 0 || c.Offset < 0 || c.Size < 0 || c.Offset+c.Size > len(r.stream) {
			return nil, errIncomplete
		}
	}
	r.index = make(map[string]int, len(r.Workflow.Tasks))
	for i, t := range r.Workflow.Tasks {
		r.index[t.Name] = i
	}
	return r, nil
}

// Index returns the position of a task in the graph, or -1.
func (r *Reader) Index(task string) int {
	if i, ok := r.index[task]; ok {
		return i
	}
	return -1
}

// raw returns the JSON of a task's objects. It decompresses one chunk at a time.
func (r *Reader) raw(task string) (json.RawMessage, error) {
	i := r.Index(task)
	if i < 0 {
		return nil, fmt.Errorf("the run has no task %q", task)
	}
	at := len(r.Chunks) - 1
	for at >= 0 && r.Chunks[at].First > i {
		at--
	}
	if at < 0 {
		return nil, fmt.Errorf("the specification has no objects of task %q", task)
	}
	c := r.Chunks[at]
	if at != r.last {
		r.last, r.objects = -1, nil
		if err := Unpack(r.stream[c.Offset:c.Offset+c.Size], maxChunk, &r.objects); err != nil {
			return nil, fmt.Errorf("the objects of task %q: %w", task, err)
		}
		r.last = at
	}
	if i-c.First >= len(r.objects) {
		return nil, fmt.Errorf("the specification has no objects of task %q", task)
	}
	return r.objects[i-c.First], nil
}
