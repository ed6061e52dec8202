package keeper

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	l1 = "2026-01-02T03:04:05.1Z one\n"
	l2 = "2026-01-02T03:04:05.2Z two\n"
	l3 = "2026-01-02T03:04:06Z three\n"
)

func TestALogIsWrittenOnceWhateverComesAgain(t *testing.T) {
	t.Parallel()
	long := "2026-01-02T03:04:07Z " + strings.Repeat("x", 3*maxLogRead) + "\n"
	same := strings.Replace(l1, "one", "another", 1)
	for name, c := range map[string]struct {
		streams []string
		want    string
		fresh   int // of the last stream
	}{
		"nothing":                        {streams: []string{""}},
		"one stream":                     {[]string{l1 + l2}, l1 + l2, 2},
		"a second one that continues":    {[]string{l1, l2 + l3}, l1 + l2 + l3, 2},
		"one that begins a second early": {[]string{l1 + l2, l1 + l2 + l3}, l1 + l2 + l3, 1},
		"one with nothing new":           {[]string{l1 + l2, l1 + l2}, l1 + l2, 0},
		"two lines of one time":          {[]string{l1, l1 + same + l2}, l1 + same + l2, 2},
		"two lines of one time, again":   {[]string{l1 + same, l1 + same + l2}, l1 + same + l2, 1},
		"lines that are out of order":    {[]string{l2 + l1 + l3}, l2 + l1 + l3, 3},
		"a line that is long":            {[]string{long + l3, long}, long + l3, 0},
		"a last line without an end":     {[]string{strings.TrimSpace(l1)}, l1, 1},
		"an empty line":                  {[]string{"2026-01-02T03:04:05Z \n2026-01-02T03:04:06Z\n"}, "2026-01-02T03:04:05Z \n2026-01-02T03:04:06Z\n", 2},
		"a line of Kubernetes":           {[]string{l1, "unable to retrieve container logs for containerd://x"}, l1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			w := &logWriter{out: &out}
			fresh := 0
			for _, s := range c.streams {
				var err error
				if fresh, err = w.copy(iotest.OneByteReader(strings.NewReader(s))); err != nil {
					t.Fatal(err)
				}
			}
			if out.String() != c.want || fresh != c.fresh {
				t.Errorf("%d new lines, %q", fresh, out.String())
			}
		})
	}
}

func TestAStreamThatBreaksInALineLosesNothing(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := &logWriter{out: &out}
	broken := errors.New("broken")
	_, err := w.copy(io.MultiReader(strings.NewReader(l1+l2[:len(l2)-3]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if _, err := w.copy(strings.NewReader(l1 + l2 + l3)); err != nil {
		t.Fatal(err)
	}
	if out.String() != l1+l2+l3 {
		t.Errorf("%q", out.String())
	}
}

func TestAFullDiskDoesNotHideTheEndOfALog(t *testing.T) {
	t.Parallel()
	r, full := io.Pipe()
	r.Close()
	w := &logWriter{out: full}
	fresh, err := w.copy(strings.NewReader(l1 + l2))
	if fresh != 2 || err != nil || w.failed == nil {
		t.Errorf("%d new lines, %v, %v", fresh, err, w.failed)
	}
}
