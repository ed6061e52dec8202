package logs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 2*60*60))

// wire reads a log over streams that the test cuts.
type wire struct {
	cursor cursor
	split  splitter
	got    strings.Builder
	whens  []int64
}

func (w *wire) deliver(p piece) {
	if text := w.cursor.take(p); len(text) > 0 {
		w.got.Write(text)
		w.whens = append(w.whens, p.when)
	}
}

func (w *wire) request(records []record, tail int) []byte {
	w.cursor.keep(w.split.unended())
	w.split.reset()
	w.cursor.rewind()
	var since time.Time
	if t := w.cursor.since(); t != nil {
		since, tail = t.Time, -1
	}
	return render(records, since, tail)
}

func (w *wire) feed(b []byte, chunk int) {
	for len(b) > 0 {
		n := min(chunk, len(b))
		// What is handed over must not be kept.
		tmp := []byte(string(b[:n]))
		w.split.feed(tmp, w.deliver)
		for i := range tmp {
			tmp[i] = '!'
		}
		b = b[n:]
	}
}

func at(offset time.Duration) time.Time { return epoch.Add(offset) }

func TestSplitter(t *testing.T) {
	long := strings.Repeat("x", 16<<10)
	huge := strings.Repeat("0123456789abcdef", (3*maxPiece+100)/16)
	tests := map[string][]record{
		"ordinary lines":               {{at(1), "a", false}, {at(2), "b", false}},
		"an empty line":                {{at(1), "", false}, {at(2), "", false}, {at(3), "x", false}},
		"no newline at the end":        {{at(1), "a", false}, {at(2), "b", true}},
		"a line of several records":    {{at(1), long, true}, {at(2e9), long, true}, {at(3e9), "end", false}, {at(4e9), "x", false}},
		"a record of a newline only":   {{at(1), long, true}, {at(2), "", false}, {at(3), "x", false}},
		"binary bytes":                 {{at(1), "\x00\xff\xfe\r\x1b[0m\t ", false}, {at(2), "\r", false}},
		"text that looks like a stamp": {{at(1), "2026-03-01T12:00:00.000000001+02:00 x", false}},
		"a line longer than a piece":   {{at(1), huge, false}, {at(2), "x", false}},
	}
	for name, records := range tests {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{1 << 20, 32 << 10, 1000, 1} {
				if chunk == 1 && len(printed(records)) > 1<<20 {
					continue
				}
				w := &wire{}
				w.feed(w.request(records, -1), chunk)
				w.split.flush(w.deliver)
				if w.got.String() != printed(records) {
					t.Errorf("in chunks of %d: got %.80q", chunk, w.got.String())
				}
			}
		})
	}
}

func TestSplitterHoldsNoMoreThanOnePiece(t *testing.T) {
	var s splitter
	pieces := 0
	emit := func(p piece) {
		pieces++
		if len(p.text) > maxPiece {
			t.Errorf("piece of %d bytes", len(p.text))
		}
	}
	s.feed([]byte("2026-03-01T12:00:00.000000001Z "), emit)
	for range 10 * maxPiece / 1024 {
		s.feed(make([]byte, 1024), emit)
		if cap(s.carry) > 2*maxPiece {
			t.Fatalf("%d bytes are held", cap(s.carry))
		}
	}
	if pieces != 10 {
		t.Errorf("got %d pieces, want 10", pieces)
	}
}

func TestStampReader(t *testing.T) {
	for _, in := range []string{
		"2026-03-01T12:00:00.123456789Z ", "2026-03-01T12:00:00.123456789+02:00 ", "2026-03-01T12:00:00.5-03:30 ",
		"2026-03-01T12:00:00Z ", "2026-12-31T23:59:59.999999999Z ",
	} {
		want, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(in))
		if err != nil {
			t.Fatal(err)
		}
		var r stampReader
		for range 2 { // the second one is from memory
			ns, n, ok := r.read([]byte(in + "text"))
			if !ok || n != len(in) || ns != want.UnixNano() {
				t.Errorf("read(%q) = %d, %d, %v, want %d, %d", in, ns, n, ok, want.UnixNano(), len(in))
			}
		}
	}
	for _, in := range []string{"", " ", "x", "hello world", "2026-03-01T12:00:00.1 x", "unable to retrieve container logs for containerd://0123"} {
		if _, _, ok := new(stampReader).read([]byte(in)); ok {
			t.Errorf("read(%q) is no timestamp", in)
		}
	}
}

func TestCursorFindsItsPlaceAgain(t *testing.T) {
	line := func(at time.Time, text string) record { return record{at: at, text: text} }
	tests := map[string]struct {
		first, then []record // the log at the first stream and at the second
		cut         int      // bytes of the first stream that arrive
		tail        int
		want        string
	}{
		"cut in the middle of a line": {
			first: []record{line(at(1), "aaa"), line(at(2), "bbb")}, then: []record{line(at(1), "aaa"), line(at(2), "bbb")},
			cut: 37 + 3 + 38, tail: -1, want: "aaa\nbbb\n",
		},
		"equal timestamps": {
			first: []record{line(at(1), "a"), line(at(1), "b")},
			then:  []record{line(at(1), "a"), line(at(1), "b"), line(at(1), "c"), line(at(2), "d")},
			cut:   1 << 20, tail: -1, want: "a\nb\nc\nd\n",
		},
		"a line that is older than the one before": {
			first: []record{line(at(2e9+5), "a")},
			then:  []record{line(at(2e9+5), "a"), line(at(2e9-3), "b"), line(at(2e9+6), "c")},
			cut:   1 << 20, tail: -1, want: "a\nb\nc\n",
		},
		"rotated meanwhile": {
			first: []record{line(at(1), "a"), line(at(2), "b"), line(at(2), "c")},
			then:  []record{line(at(2), "b"), line(at(2), "c"), line(at(2), "d"), line(at(3), "e")},
			cut:   1 << 20, tail: -1, want: "a\nb\nc\nd\ne\n",
		},
		"rotated meanwhile, nothing known is left": {
			first: []record{line(at(1), "a"), line(at(2), "b")}, then: []record{line(at(7), "x"), line(at(8), "y")},
			cut: 1 << 20, tail: -1, want: "a\nb\nx\ny\n",
		},
		"rotated within a line": {
			first: []record{line(at(1), "a"), {at(2), "bb", true}}, then: []record{line(at(3), "BB"), line(at(4), "c")},
			cut: 1 << 20, tail: -1, want: "a\nbbBB\nc\n",
		},
		"only the tail was asked for": {
			first: []record{line(at(1), "a"), line(at(2), "b"), line(at(3), "c")},
			then:  []record{line(at(1), "a"), line(at(2), "b"), line(at(3), "c"), line(at(4), "d")},
			cut:   1 << 20, tail: 2, want: "b\nc\nd\n",
		},
		"the second stream begins within a long line": {
			first: []record{{at(1), "aa", true}, line(at(3e9), "AA"), line(at(4e9), "b")},
			then:  []record{{at(1), "aa", true}, line(at(3e9), "AA"), line(at(4e9), "b"), line(at(5e9), "c")},
			cut:   1 << 20, tail: -1, want: "aaAA\nb\nc\n",
		},
		"the clock was set back": {
			first: []record{line(at(60e9), "a"), line(at(61e9), "b"), line(at(1e9), "c")},
			then:  []record{line(at(60e9), "a"), line(at(61e9), "b"), line(at(1e9), "c"), line(at(2e9), "d")},
			cut:   1 << 20, tail: -1, want: "a\nb\nc\nd\n",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := &wire{}
			out := w.request(tc.first, tc.tail)
			w.feed(out[:min(tc.cut, len(out))], 7)
			w.feed(w.request(tc.then, tc.tail), 7)
			if diff := cmp.Diff(tc.want, w.got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCursorReportsAnErrorOfTheKubelet(t *testing.T) {
	w := &wire{}
	w.request(nil, -1)
	w.feed([]byte("unable to retrieve container logs for containerd://0123"), 10)
	w.split.flush(w.deliver)
	if w.got.Len() != 0 || !w.cursor.astray() {
		t.Errorf("delivered %q, astray %v", w.got.String(), w.cursor.astray())
	}
}

// Whatever is printed and wherever streams are cut, every byte arrives once.
func TestRandomCuts(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		records := randomRecords(rng)
		w := &wire{}
		known := 0
		for known < len(records) || rng.IntN(3) > 0 {
			known = min(len(records), known+rng.IntN(30))
			out := w.request(records[:known], -1)
			if rng.IntN(4) > 0 {
				out = out[:rng.IntN(len(out)+1)]
			}
			w.feed(out, 1+rng.IntN(100))
		}
		w.feed(w.request(records, -1), 1<<20)
		w.split.flush(w.deliver)
		if diff := cmp.Diff(printed(records), w.got.String()); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func randomRecords(rng *rand.Rand) []record {
	records := make([]record, 1+rng.IntN(200))
	now, step := time.Duration(0), time.Duration(1)<<(20+rng.IntN(12))
	for i := range records {
		if rng.IntN(3) > 0 {
			now += time.Duration(rng.Int64N(int64(step)))
		}
		stamp := now
		if rng.IntN(5) == 0 {
			stamp -= min(now, time.Duration(rng.Int64N(9e8)))
		}
		if i > 0 && records[i-1].partial {
			// One writer stamps the parts of its line in order, and
			// this model has a second one only between lines.
			stamp = max(stamp, records[i-1].at.Sub(epoch))
		}
		records[i] = record{at: at(stamp), text: fmt.Sprintf("%d:%s", i, strings.Repeat("\r\x00 é", rng.IntN(6)))}
		switch rng.IntN(6) {
		case 0:
			records[i].text = ""
		case 1:
			records[i].text, records[i].partial = "P"+records[i].text, true
		}
	}
	return records
}

func BenchmarkSplitter(b *testing.B) {
	var in []byte
	for i := range 1000 {
		in = append(in, render([]record{{at(time.Duration(i) * 1000), strings.Repeat("x", 80), false}}, time.Time{}, -1)...)
	}
	b.SetBytes(int64(len(in)))
	w := &wire{}
	w.cursor.rewind()
	for b.Loop() {
		w.split.feed(in, func(p piece) { w.cursor.take(p) })
	}
}
