package share

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

const (
	barWidth = 20
	// clearLine goes to the line's beginning and empties it.
	clearLine = "\r\x1b[K"
	// step is the number of percent between two lines where stderr is no terminal.
	step = 10
	mib  = 1 << 20
)

// progress shows an upload: on a terminal a bar for the item that is being sent, otherwise
// a line whenever a phase has changed or some percent more are there.
type progress struct {
	f        *cli.Factory
	terminal bool
	drawn    bool
	last     map[string]shown
	began    map[string]mark
	reason   string
}

// shown is what was printed of an item.
type shown struct {
	phase  string
	tenth  int64
	reason string
}

// mark is where a phase began, for the rate.
type mark struct {
	phase string
	at    time.Time
	done  int64
}

func newProgress(f *cli.Factory) *progress {
	return &progress{f: f, terminal: f.IsTerminal(f.ErrOut), last: map[string]shown{}, began: map[string]mark{}}
}

// show shows a status.
func (p *progress) show(u *api.ShareUpload) {
	p.done()
	if u.Reason != "" && u.Reason != p.reason && !u.State.Ended() {
		p.reason = u.Reason
		p.f.Notef("%s %s: %s", u.Name, strings.ToLower(string(u.State)), u.Reason)
	}
	for i := range u.Archives {
		p.item(&u.Archives[i])
	}
}

func (p *progress) item(i *api.ShareItem) {
	before, of := p.last[i.Name], i.Size
	if i.Phase == "Archiving" {
		of = i.Total
	}
	now := shown{phase: i.Phase, reason: i.Reason}
	if of > 0 {
		now.tenth = i.Done * 100 / of / step
	}
	began := p.began[i.Name]
	if began.phase != i.Phase || i.Done < began.done {
		began = mark{i.Phase, p.f.Now(), i.Done}
		p.began[i.Name] = began
	}
	p.last[i.Name] = now
	switch i.Phase {
	case "Uploaded", "Skipped", "Failed":
		if before.phase != i.Phase {
			p.f.Notef("%s", ended(i))
		}
	case "Waiting":
		// A share that does not answer is asked again for minutes.
		if strings.HasPrefix(i.Reason, "repeated after") && i.Reason != before.reason {
			p.f.Notef("%s %s", i.Name, i.Reason)
		}
		if p.terminal && !p.drawn {
			p.draw(term.Cell(i.Name) + " waiting")
		}
	case "Archiving", "Uploading", "Verifying":
		if strings.HasPrefix(i.Reason, "repeated after") && i.Reason != before.reason {
			p.f.Notef("%s %s", i.Name, i.Reason)
		}
		line := bar(i, of, p.rate(i, began))
		switch {
		case p.terminal:
			p.draw(line)
		case before.phase != now.phase || before.tenth != now.tenth:
			p.f.Notef("%s", line)
		}
	}
}

// draw replaces the line of the terminal.
func (p *progress) draw(line string) {
	if width := p.f.Width(); width > 1 {
		line = term.Shorten(line, width-1)
	}
	fmt.Fprint(p.f.ErrOut, clearLine+line)
	p.drawn = true
}

// rate is in bytes per second since the phase began; 0 if it is not known yet.
func (p *progress) rate(i *api.ShareItem, began mark) float64 {
	since := p.f.Now().Sub(began.at).Seconds()
	if since < 0.5 || i.Done <= began.done {
		return 0
	}
	return float64(i.Done-began.done) / since
}

// done removes the bar.
func (p *progress) done() {
	if p.drawn {
		fmt.Fprint(p.f.ErrOut, clearLine)
		p.drawn = false
	}
}

// bar is "name [████████████░░░░░░░░] 60.0% 1.2 MiB/2.0 MiB 3.4 MiB/s"; while an archive is
// built or verified it contains that.
func bar(i *api.ShareItem, of int64, rate float64) string {
	part := 0.0
	if of > 0 {
		part = min(float64(i.Done)/float64(of), 1)
	}
	full := int(part * barWidth)
	line := fmt.Sprintf("%s [%s%s] %.1f%% %.1f MiB/%.1f MiB", term.Cell(i.Name), strings.Repeat("█", full), strings.Repeat("░", barWidth-full),
		part*100, float64(i.Done)/mib, float64(of)/mib)
	if rate > 0 {
		line += fmt.Sprintf(" %.1f MiB/s", rate/mib)
	}
	if i.Phase != "Uploading" {
		line += " " + strings.ToLower(i.Phase)
	}
	return line
}

// ended is the last line of an item.
func ended(i *api.ShareItem) string {
	switch i.Phase {
	case "Skipped":
		return fmt.Sprintf("%s skipped (%s): %s", i.Name, cli.Bytes(i.Size), i.Reason)
	case "Failed":
		return fmt.Sprintf("%s failed ✗", i.Name)
	}
	line := fmt.Sprintf("%s uploaded (%s) ✓ verified by %s", i.Name, cli.Bytes(i.Size), i.Verified)
	if i.Removed {
		line += "; its results are deleted from the store"
	}
	if i.Reason != "" {
		line += "; " + i.Reason
	}
	return line
}
