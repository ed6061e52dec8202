package cli

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

const (
	barWidth = 20
	// redraw is the pause between two drawings of a bar.
	redraw = 100 * time.Millisecond
	// clearLine goes to the line's beginning and empties it.
	clearLine = "\r\x1b[K"
)

// Transfer shows on a terminal how far a transfer is, on one line of stderr.
// What it returns first is for a Notify field; the second one removes the line,
// and must be called before anything else is printed. Where stderr is no
// terminal nothing is shown.
func (f *Factory) Transfer(verb string) (notify func(api.TransferProgress), done func()) {
	if !f.IsTerminal(f.ErrOut) {
		return nil, func() {}
	}
	t := &transfer{f: f, verb: verb, began: f.Now()}
	return t.show, t.clear
}

type transfer struct {
	f     *Factory
	verb  string
	began time.Time

	mu      sync.Mutex
	drawn   time.Time
	reading bool
	over    bool
}

func (t *transfer) show(p api.TransferProgress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.f.Now()
	if t.over || !t.drawn.IsZero() && now.Sub(t.drawn) < redraw {
		return
	}
	t.drawn = now
	if t.reading != p.Reading {
		t.reading, t.began = p.Reading, now
	}
	verb := t.verb
	if p.Reading {
		verb = "Reading"
	}
	line := transferLine(verb, p, now.Sub(t.began))
	if width := t.f.Width(); width > 0 && len(line) >= width {
		line = line[:width-1]
	}
	fmt.Fprint(t.f.ErrOut, clearLine+line)
}

func (t *transfer) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over && !t.drawn.IsZero() {
		fmt.Fprint(t.f.ErrOut, clearLine)
	}
	t.over = true
}

// transferLine is "Downloading [#####.....] 12/40 files, 1.2 GiB of 4.0 GiB, 80 MiB/s".
func transferLine(verb string, p api.TransferProgress, since time.Duration) string {
	part := 0.0
	switch {
	case p.TotalBytes > 0:
		part = float64(p.Bytes) / float64(p.TotalBytes)
	case p.TotalFiles > 0:
		part = float64(p.Files) / float64(p.TotalFiles)
	}
	full := min(max(int(part*barWidth), 0), barWidth)
	line := fmt.Sprintf("%s [%s%s] %d/%d files, %s of %s", verb, strings.Repeat("#", full), strings.Repeat(".", barWidth-full),
		p.Files, p.TotalFiles, Bytes(p.Bytes), Bytes(p.TotalBytes))
	if moved := p.Bytes - p.SkippedBytes; since >= time.Second && moved > 0 {
		line += fmt.Sprintf(", %s/s", Bytes(int64(float64(moved)/since.Seconds())))
	}
	return line
}

// Bytes writes a size as Kubernetes counts: "1.5 GiB".
func Bytes(n int64) string { return layout.Bytes(n) }
