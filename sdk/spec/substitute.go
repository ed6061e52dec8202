package spec

import (
	"regexp"
	"strings"

	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// variable is a reference in a value: $NAME or ${NAME}. SkyPilot's grammar
// has neither defaults nor an escape, and leaves what it does not know alone.
var variable = regexp.MustCompile(`\$\{?\b([a-zA-Z_][a-zA-Z0-9_]*)\b\}?`)

// maxSubstituted bounds a text after substitution. It is far above any path
// or URI, and keeps a large value that is named often from filling the memory.
const maxSubstituted = 64 << 10

// substitute replaces variables in all text of n, keys included. (SkyPilot
// does it on the JSON text of the whole field, where a quote or a backslash
// in a value breaks it.)
func (env environment) substitute(r *yamlfile.Reader, n *yamlfile.Node) {
	if n == nil {
		return
	}
	if n.Tag == "!!str" {
		env.expand(r, n)
	}
	for _, f := range n.Fields {
		env.substitute(r, f.Key)
		env.substitute(r, f)
	}
	for _, item := range n.Items {
		env.substitute(r, item)
	}
}

func (env environment) expand(r *yamlfile.Reader, n *yamlfile.Node) {
	var b strings.Builder
	last := 0
	for _, m := range variable.FindAllStringSubmatchIndex(n.Text, -1) {
		name := n.Text[m[2]:m[3]]
		if env.missing[name] {
			n.Pending = true
		}
		value, ok := env.values[name]
		if !ok {
			continue
		}
		b.WriteString(n.Text[last:m[0]])
		b.WriteString(value)
		last = m[1]
		if b.Len() > maxSubstituted {
			r.Fail(n, "has more than %d KiB once the variables are filled in", maxSubstituted>>10)
			n.Pending = true
			return
		}
	}
	if last > 0 {
		b.WriteString(n.Text[last:])
		n.Text = b.String()
	}
}
