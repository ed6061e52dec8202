package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

// recorder keeps every single write.
type recorder struct {
	writes []string
	err    error
}

func (r *recorder) Write(p []byte) (int, error) {
	r.writes = append(r.writes, string(p))
	return len(p), r.err
}

// standing is a LogWriter whose clock moves by hand and whose timer is called
// by hand.
func standing(out *recorder) (w *LogWriter, now *time.Time, due *func()) {
	now, due = new(time.Time), new(func())
	*now = time.Unix(1000, 0)
	w = NewLogWriter(out)
	w.now = func() time.Time { return *now }
	w.after = func(_ time.Duration, f func()) { *due = f }
	return w, now, due
}

func line(rank int, text string) api.LogLine { return api.LogLine{Rank: rank, Text: []byte(text)} }

func TestLogBytes(t *testing.T) {
	stamp := metav1.NewMicroTime(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC))
	for name, tc := range map[string]struct {
		prefix, timestamps bool
		lines              []api.LogLine
		want               string
		unclosed           bool
	}{
		"one node's bytes are left as they are": {
			lines: []api.LogLine{line(0, "a\n"), line(0, "\n"), line(0, "\x00\xff\r\n"), line(0, "end")},
			want:  "a\n\n\x00\xff\r\nend", unclosed: true,
		},
		"several nodes have a prefix": {
			prefix: true,
			lines:  []api.LogLine{line(0, "a\n"), line(11, "b\n")},
			want:   "node-0 | a\nnode-11 | b\n",
		},
		"a missing newline is put in where another node continues": {
			prefix: true,
			lines:  []api.LogLine{line(0, "a"), line(1, "b\n")},
			want:   "node-0 | a\nnode-1 | b\n",
		},
		"a line in pieces has one prefix": {
			prefix: true,
			lines:  []api.LogLine{line(0, "a"), line(0, "b\n")},
			want:   "node-0 | ab\n",
		},
		"time": {
			prefix: true, timestamps: true,
			lines: []api.LogLine{{Rank: 2, Time: stamp, Text: []byte("x\n")}},
			want:  "node-2 | 2026-01-02T03:04:05.000006Z x\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := NewLogWriter(&out)
			w.Prefix, w.Timestamps = tc.prefix, tc.timestamps
			for _, l := range tc.lines {
				if err := w.Write(l); err != nil {
					t.Fatal(err)
				}
			}
			closed, err := w.Close()
			if err != nil || closed == tc.unclosed {
				t.Errorf("closed %v, error %v", closed, err)
			}
			if out.String() != tc.want {
				t.Errorf("got %q, want %q", out.String(), tc.want)
			}
		})
	}
}

func TestSingleLinesAreWrittenAtOnceAndManyInBlocks(t *testing.T) {
	out := &recorder{}
	w, now, due := standing(out)
	text := strings.Repeat("x", 99) + "\n"
	if err := w.Write(line(0, text)); err != nil || len(out.writes) != 1 {
		t.Fatalf("the first line: %d writes, error %v", len(out.writes), err)
	}
	const lines = 10000
	for range lines {
		if err := w.Write(line(0, text)); err != nil {
			t.Fatal(err)
		}
	}
	if most := 1 + lines*len(text)/logBufferSize; len(out.writes) > most {
		t.Errorf("%d writes for a burst, want at most %d", len(out.writes), most)
	}
	(*due)() // what is in the buffer is written without a further line
	if got := len(strings.Join(out.writes, "")); got != (lines+1)*len(text) {
		t.Errorf("%d bytes were written, want %d", got, (lines+1)*len(text))
	}
	before := len(out.writes)
	*now = now.Add(time.Second)
	if err := w.Write(line(0, text)); err != nil || len(out.writes) != before+1 {
		t.Errorf("a line after a rest was not written at once")
	}
}

func TestAClosedOutputEndsTheReading(t *testing.T) {
	gone := errors.New("gone")
	w, now, _ := standing(&recorder{err: gone})
	for range 3 {
		*now = now.Add(time.Second)
		if err := w.Write(line(0, "a\n")); !errors.Is(err, gone) {
			t.Fatalf("error %v, want %v", err, gone)
		}
	}
}

func BenchmarkLogWriter(b *testing.B) {
	w := NewLogWriter(&bytes.Buffer{})
	w.out = discard{}
	w.Prefix = true
	l := line(3, strings.Repeat("x", 99)+"\n")
	b.SetBytes(int64(len(l.Text)))
	for b.Loop() {
		if err := w.Write(l); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
