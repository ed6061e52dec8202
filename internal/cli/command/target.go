package command

import (
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/text"
)

// Target is the cluster and the namespace that a command line leads to. The zero
// Target adds no flags; it is for commands that contact no cluster.
type Target struct {
	flags     []string
	namespace string
	usual     string
}

// NewTarget returns a target in the cluster that these flags select, such as
// "--context=lab". usual is the namespace of a command with these flags and without
// -n; it is empty if that is unknown.
func NewTarget(flags []string, usual string) Target {
	return Target{flags: slices.Clone(flags), usual: usual}
}

// In returns the target in a namespace of the same cluster. Its command lines have
// -n unless the namespace is the usual one.
func (t Target) In(namespace string) Target {
	t.namespace = namespace
	return t
}

// Cluster returns the target for commands that belong to no namespace.
func (t Target) Cluster() Target { return t.In("") }

// Vast returns a command line of kubectl vast: Vast("logs", id, "-f") is "kubectl vast
// logs x7k2m9qa -f -n lab". Each argument is one word, quoted for a POSIX shell
// where it must be.
func (t Target) Vast(args ...string) string { return t.line("kubectl vast", args) }

// Vastvol returns a command line of kubectl vastvol.
func (t Target) Vastvol(args ...string) string { return t.line("kubectl vastvol", args) }

// Kubectl returns a command line of kubectl itself.
func (t Target) Kubectl(args ...string) string { return t.line("kubectl", args) }

// line puts the flags behind the arguments, but before "--": the arguments after it
// belong to another program.
func (t Target) line(program string, args []string) string {
	flags := t.flags
	if t.namespace != "" && t.namespace != t.usual {
		flags = append(slices.Clip(flags), "-n", t.namespace)
	}
	end := len(args)
	if i := slices.Index(args, "--"); i >= 0 {
		end = i
	}
	line := []string{program}
	for _, arg := range slices.Concat(args[:end], flags, args[end:]) {
		line = append(line, text.Word(arg))
	}
	return strings.Join(line, " ")
}
