package term

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAScreenDrawsOverWhatItDrew(t *testing.T) {
	width, height := 10, 5
	var out bytes.Buffer
	s := &Screen{out: &out, size: func() (int, int) { return width, height }}
	draw := func(lines ...string) string {
		out.Reset()
		if err := s.Draw(lines); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for _, step := range []struct {
		name  string
		size  [2]int
		lines []string
		want  string
	}{
		{"the first time nothing is there", [2]int{10, 5}, []string{"one", "two"}, "\rone\x1b[K\n\rtwo\x1b[K\n\x1b[J"},
		{"then two lines are", [2]int{10, 5}, []string{"eins"}, "\x1b[2A\reins\x1b[K\n\x1b[J"},
		{"what is too wide is cut", [2]int{10, 5}, []string{"0123456789x"}, "\x1b[1A\r0123456...\x1b[K\n\x1b[J"},
		{"a narrower terminal has wrapped what was drawn", [2]int{4, 5}, []string{"abcd"}, "\x1b[3A\rabcd\x1b[K\n\x1b[J"},
		{"what is too high is reported", [2]int{40, 4}, []string{"a", "b", "c", "d"}, "\x1b[1A\ra\x1b[K\n\rb\x1b[K\n\r... and 2 more lines\x1b[K\n\x1b[J"},
		{"no text moves the cursor", [2]int{40, 5}, []string{"a\x1b[2Jb"}, "\x1b[3A\ra\\x1b[2Jb\x1b[K\n\x1b[J"},
	} {
		width, height = step.size[0], step.size[1]
		if diff := cmp.Diff(step.want, draw(step.lines...)); diff != "" {
			t.Errorf("%s (-want,+got):\n%s", step.name, diff)
		}
	}
}
