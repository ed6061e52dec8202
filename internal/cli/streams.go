package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"
	kterm "k8s.io/kubectl/pkg/util/term"

	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

// Warn prints a warning as kubectl does; the same one only once.
func (f *Factory) Warn(message string) {
	if _, printed := f.warned.LoadOrStore(message, true); printed {
		return
	}
	printers.NewWarningPrinter(f.ErrOut, printers.WarningPrinterOptions{
		Color: printers.AllowsColorOutput(f.ErrOut),
	}).Print(term.Text(message))
}

// WarnOf prints a warning of the SDK, with what can be done about it.
func (f *Factory) WarnOf(n api.Notice) { f.Warn(command.Advised(f.Hint(), n.Message, n.Remedies)) }

// NoteOf prints a remark of the SDK, with what can be done about it.
func (f *Factory) NoteOf(n api.Notice) {
	f.Notef("%s", command.Advised(f.Hint(), n.Message, n.Remedies))
}

// Notef prints a line to stderr.
func (f *Factory) Notef(format string, args ...any) {
	fmt.Fprintln(f.ErrOut, term.Text(fmt.Sprintf(format, args...)))
}

// Width returns the width of the terminal in columns, 0 if stdout is no terminal.
// $COLUMNS overrides it, as with ls and ps, but has no effect on a pipe.
func (f *Factory) Width() int {
	if !f.IsTerminal(f.Out) {
		return 0
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if size := (kterm.TTY{Out: f.Out}).GetSize(); size != nil {
		return int(size.Width)
	}
	return 0
}

// StdinOnce returns a usage error if several files are "-". Other names of standard
// input, such as /dev/stdin, are detected when they are read.
func StdinOnce(files ...string) error {
	given := 0
	for _, f := range files {
		if f == "-" {
			given++
		}
	}
	if given > 1 {
		return Usagef(`standard input ("-") can be read only once`)
	}
	return nil
}

// Confirm asks a question, to which "y" and "yes" are the affirmative answers. Without
// a terminal it returns a usage error that names --yes.
func (f *Factory) Confirm(ctx context.Context, question string) (bool, error) {
	if !f.IsTerminal(f.In) {
		return false, Usagef("%s There is no terminal to ask on: add --yes to go ahead", question)
	}
	fmt.Fprintf(f.ErrOut, "%s [y/N] ", term.Text(question))
	answer := make(chan string, 1)
	go func() { answer <- readLine(f.In) }()
	select {
	case <-ctx.Done():
		fmt.Fprintln(f.ErrOut)
		return false, ctx.Err()
	case text := <-answer:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "y", "yes":
			return true, nil
		}
		f.Notef("Canceled; nothing was changed.")
		return false, nil
	}
}

// readLine reads up to a newline, byte by byte: the bytes after it are left for the
// next reader.
func readLine(r io.Reader) string {
	var line []byte
	b := make([]byte, 1)
	for {
		n, err := r.Read(b)
		if n == 1 && b[0] == '\n' || err != nil {
			return string(line)
		}
		line = append(line, b[:n]...)
	}
}

// Screen returns a Screen on stdout, which must be a terminal.
func (f *Factory) Screen() *term.Screen {
	return term.NewScreen(f.Out, func() (int, int) {
		width, height := f.Width(), 24
		if size := (kterm.TTY{Out: f.Out}).GetSize(); size != nil && size.Width > 0 {
			// What is wider would wrap, and could not be drawn over.
			width, height = min(width, int(size.Width)), cmp.Or(int(size.Height), height)
		}
		return cmp.Or(width, 80), height
	})
}
