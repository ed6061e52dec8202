package term

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Screen draws lines on a terminal, each time over the ones drawn before.
type Screen struct {
	out  io.Writer
	size func() (width, height int)
	last []string
}

// NewScreen returns a Screen on a terminal, of which size returns the width and the
// height.
func NewScreen(out io.Writer, size func() (width, height int)) *Screen {
	return &Screen{out: out, size: size}
}

// Width returns the width of the screen in columns.
func (s *Screen) Width() int {
	width, _ := s.size()
	return width
}

// Size returns the width and the height of the screen.
func (s *Screen) Size() (width, height int) { return s.size() }

// Draw replaces the lines drawn last. Lines are shortened and omitted so that none wraps
// and none scrolls off the screen, where it could not be replaced.
func (s *Screen) Draw(lines []string) error {
	width, height := s.size()
	if most := max(height-1, 2); len(lines) > most {
		more := len(lines) - most + 1
		lines = append(lines[:most-1:most-1], fmt.Sprintf("... and %d more lines", more))
	}
	var b strings.Builder
	if up := s.rows(width); up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	drawn := make([]string, len(lines))
	for i, line := range lines {
		drawn[i] = Shorten(Line(line), width)
		b.WriteString("\r" + drawn[i] + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	s.last = drawn
	_, err := io.WriteString(s.out, b.String())
	return err
}

// rows is how many rows what was drawn last takes now: the terminal may have
// become narrower since, and have wrapped it.
func (s *Screen) rows(width int) int {
	rows := 0
	for _, line := range s.last {
		rows += max(1, (utf8.RuneCountInString(line)+width-1)/max(width, 1))
	}
	return rows
}
