package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// ProgressFile is the file in its output folder in which a process reports its
// progress,
// one JSON object a line.
const ProgressFile = "progress.jsonl"

const (
	// maxProgressLine is how long a line may be, in bytes.
	maxProgressLine = 64 << 10
	// maxProgressText is how much of a text is kept, in characters: it goes
	// into an object of the cluster and into a column of a table.
	maxProgressText = 500
	// roundingError is what a sum of floats may be beside 0 and 1.
	roundingError = 1e-6
)

// ParseProgress reads one line:
//
//	{"fraction": 0.25, "step": "epoch 3", "message": "loss 0.1", "status": "running"}
//
// A step may be a number. Missing keys stay empty; unknown keys are ignored.
// The time of the result is not set.
func ParseProgress(line []byte) (api.Progress, error) {
	var raw struct {
		Fraction *float64        `json:"fraction"`
		Step     json.RawMessage `json:"step"`
		Message  string          `json:"message"`
		Status   string          `json:"status"`
	}
	if line = bytes.TrimSpace(line); len(line) == 0 || line[0] != '{' {
		return api.Progress{}, errors.New("not a JSON object")
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return api.Progress{}, err
	}
	step, err := parseStep(raw.Step)
	if err != nil {
		return api.Progress{}, err
	}
	text := func(s string) string { return text.OneLine(s, maxProgressText) }
	p := api.Progress{Step: text(step), Message: text(raw.Message), Status: text(raw.Status)}
	if f := raw.Fraction; f != nil {
		if *f < -roundingError || *f > 1+roundingError {
			return api.Progress{}, fmt.Errorf("fraction %v is not between 0 and 1", *f)
		}
		within := min(max(*f, 0), 1)
		p.Fraction = &within
	}
	return p, nil
}

// parseStep takes a word or a number.
func parseStep(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if raw[0] == '"' {
		var word string
		return word, json.Unmarshal(raw, &word)
	}
	if _, err := strconv.ParseFloat(string(raw), 64); err != nil {
		return "", errors.New("step is neither a text nor a number")
	}
	return string(raw), nil
}

// ProgressReader follows the lines of a file that grows. A key that a line does
// not have keeps its value of an earlier line. The zero value is ready for use.
type ProgressReader struct {
	last   api.Progress
	lines  int // that could be read
	broken int
	line   []byte // the beginning of a line whose end has not come
	long   bool   // of a line that is too long
}

// Write takes the next bytes of the file. It never fails.
func (r *ProgressReader) Write(data []byte) (int, error) {
	n := len(data)
	for {
		head, rest, whole := bytes.Cut(data, []byte{'\n'})
		if r.long = r.long || len(r.line)+len(head) > maxProgressLine; !r.long {
			r.line = append(r.line, head...)
		}
		if !whole {
			return n, nil
		}
		r.EndLine()
		data = rest
	}
}

// EndLine takes what has come of a line as a whole one: the process has ended
// and will not write the rest.
func (r *ProgressReader) EndLine() {
	line, long := r.line, r.long
	r.line, r.long = r.line[:0], false
	if !long && len(bytes.TrimSpace(line)) == 0 {
		return
	}
	p, err := ParseProgress(line)
	if long || err != nil {
		r.broken++
		return
	}
	r.lines++
	if p.Fraction != nil {
		r.last.Fraction = p.Fraction
	}
	for _, text := range []struct {
		kept     *string
		reported string
	}{{&r.last.Step, p.Step}, {&r.last.Message, p.Message}, {&r.last.Status, p.Status}} {
		if text.reported != "" {
			*text.kept = text.reported
		}
	}
}

// Restart is for a file that was begun anew: what comes next are its first
// bytes. The progress so far stays until a line changes it.
func (r *ProgressReader) Restart() { r.line, r.long = nil, false }

// Last returns the last progress, nil when there was none that could be read,
// and how many lines could not be read. The time is not set.
func (r *ProgressReader) Last() (last *api.Progress, broken int) {
	if r.lines == 0 {
		return nil, r.broken
	}
	p := r.last
	p.BrokenLines = r.broken
	return &p, r.broken
}

// Rejected reports whether the last status is "rejected", the one that is an
// outcome.
func Rejected(p *api.Progress) bool { return p != nil && p.Status == "rejected" }
