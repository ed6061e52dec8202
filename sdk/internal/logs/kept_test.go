package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
)

func kept(rank int, content string) Kept {
	return Kept{Rank: rank, Size: int64(len(content)), Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
		return io.NopCloser(oddChunks(content[offset:])), nil
	}}
}

// oddChunks gives odd chunks, so that lines are cut anywhere.
func oddChunks(s string) io.Reader { return &oddReader{rest: []byte(s)} }

type oddReader struct{ rest []byte }

func (r *oddReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 4093)], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// stampedLines are n lines, one a minute, the last one now: what is young does not
// depend on how fast a test is.
func stampedLines(n int) (content string, texts []string) {
	var b bytes.Buffer
	now := time.Now()
	for i := range n {
		text := fmt.Sprintf("line %d %s\n", i, strings.Repeat("x", i%97))
		texts = append(texts, text)
		b.WriteString(now.Add(time.Duration(i-n+1)*time.Minute).Format(time.RFC3339Nano) + " " + text)
	}
	return b.String(), texts
}

func TestReadKept(t *testing.T) {
	content, texts := stampedLines(20000)
	tests := map[string]struct {
		content string
		o       api.LogOptions
		want    []string
	}{
		"everything":                 {content, api.LogOptions{}, texts},
		"the last line":              {content, api.LogOptions{Tail: ptr.To(int64(1))}, texts[19999:]},
		"the last lines of a window": {content, api.LogOptions{Tail: ptr.To(int64(10))}, texts[19990:]},
		"more than the first window": {content, api.LogOptions{Tail: ptr.To(int64(15000))}, texts[5000:]},
		"more than there are":        {content, api.LogOptions{Tail: ptr.To(int64(30000))}, texts},
		"just as many as there are":  {content, api.LogOptions{Tail: ptr.To(int64(20000))}, texts},
		"none":                       {content, api.LogOptions{Tail: ptr.To(int64(0))}, nil},
		"the young ones":             {content, api.LogOptions{Since: 10*time.Minute + 30*time.Second}, texts[19989:]},
		"an empty log":               {"", api.LogOptions{Tail: ptr.To(int64(3))}, nil},
		"without a last newline": {"2026-03-01T12:00:00Z a\n2026-03-01T12:00:01Z b", api.LogOptions{Tail: ptr.To(int64(1))},
			[]string{"b"}},
		"an empty line": {"2026-03-01T12:00:00Z \n", api.LogOptions{}, []string{"\n"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			err := ReadKept(t.Context(), []Kept{kept(3, tc.content)}, tc.o, func(l api.LogLine) error {
				if l.Rank != 3 || l.Time.IsZero() {
					t.Errorf("rank %d, time %v", l.Rank, l.Time)
				}
				got = append(got, string(l.Text))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadKeptOfSeveralNodesKeepsTheOrderOfEach(t *testing.T) {
	content, texts := stampedLines(3000)
	var logs []Kept
	for rank := range 20 {
		logs = append(logs, kept(rank, content))
	}
	got := map[int][]string{}
	if err := ReadKept(t.Context(), logs, api.LogOptions{}, func(l api.LogLine) error {
		got[l.Rank] = append(got[l.Rank], string(l.Text))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for rank := range 20 {
		if diff := cmp.Diff(texts, got[rank]); diff != "" {
			t.Errorf("node %d: %s", rank, diff)
		}
	}
}

func TestReadKeptEndsWithTheError(t *testing.T) {
	content, _ := stampedLines(1000)
	gone := errors.New("no")
	calls := 0
	err := ReadKept(t.Context(), []Kept{kept(0, content)}, api.LogOptions{}, func(api.LogLine) error { calls++; return gone })
	if !errors.Is(err, gone) || calls != 1 {
		t.Errorf("the sink was called %d times, error %v", calls, err)
	}
	broken := Kept{Size: 5, Open: func(context.Context, int64) (io.ReadCloser, error) { return nil, gone }}
	if err := ReadKept(t.Context(), []Kept{broken}, api.LogOptions{}, nil); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
}

// A pod that ends may go between the look at the pods and the one at its log.
func TestADeletedPodLeavesTheKeptLogs(t *testing.T) {
	for _, follow := range []bool{false, true} {
		c := newCluster(t, 2)
		c.kept = "2026-01-02T03:04:05Z kept\n"
		c.pod(0, "Succeeded")
		c.pod(1, "Succeeded")
		c.print(0, "a\n")
		c.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/job-1/log") {
				return false
			}
			refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, "pod not found")
			return true
		}
		c.end(api.Failed)
		r := c.read(api.LogOptions{Follow: follow}, quick)
		if err := r.end(); follow != errors.As(err, new(*api.TaskFailedError)) || !follow && err != nil {
			t.Errorf("follow %v: %v", follow, err)
		}
		r.want(map[int]string{0: "a\n", 1: "kept\n"})
		if len(r.notes) > 0 {
			t.Errorf("notes %q", r.notes)
		}
	}
}
