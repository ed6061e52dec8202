// Package hint makes the command lines that errors, warnings and outputs tell a
// user to type. There is no other place that makes them: what a hint needs to
// lead to the cluster and the namespace that it is about is decided here.
package hint

import (
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/text"
)

// Target is a cluster and a namespace, as command lines name them. The zero
// Target names none: it is for commands that ask no cluster, or any.
type Target struct {
	flags     []string
	namespace string
	usual     string
}

// At is a target in a cluster that these flags lead to, words such as
// "--context=lab". usual is the namespace that a command with these flags and
// without -n works in; empty where that is not known.
func At(flags []string, usual string) Target {
	return Target{flags: slices.Clone(flags), usual: usual}
}

// In is the target in a namespace of the same cluster. Its command lines have -n
// unless the namespace is the one that they would work in without.
func (t Target) In(namespace string) Target {
	t.namespace = namespace
	return t
}

// Cluster is the target for commands that belong to no namespace.
func (t Target) Cluster() Target { return t.In("") }

// Vast is a command line of kubectl vast: Vast("logs", id, "-f") is "kubectl vast
// logs x7k2m9qa -f -n lab". Each argument is one word, quoted for a POSIX shell
// where it must be.
func (t Target) Vast(args ...string) string { return t.line("kubectl vast", args) }

// Vastvol is a command line of kubectl vastvol.
func (t Target) Vastvol(args ...string) string { return t.line("kubectl vastvol", args) }

// Kubectl is a command line of kubectl itself.
func (t Target) Kubectl(args ...string) string { return t.line("kubectl", args) }

// Command names a command of kubectl vast in a sentence that asks nobody to type
// it: "kubectl vast campaign hold".
func Command(words ...string) string {
	return strings.Join(append([]string{"kubectl vast"}, words...), " ")
}

// Vastvol names a command of kubectl vastvol, as Command does.
func Vastvol(words ...string) string {
	return strings.Join(append([]string{"kubectl vastvol"}, words...), " ")
}

// line puts the flags behind the arguments, but before "--": what follows that is
// for another program.
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
