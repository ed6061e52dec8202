package spec

import (
	"regexp"
	"strings"
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
func (env environment) substitute(r *reader, n *node) {
	if n == nil {
		return
	}
	if n.tag == "!!str" {
		env.expand(r, n)
	}
	for _, f := range n.fields {
		env.substitute(r, f.key)
		env.substitute(r, f)
	}
	for _, item := range n.items {
		env.substitute(r, item)
	}
}

func (env environment) expand(r *reader, n *node) {
	var b strings.Builder
	last := 0
	for _, m := range variable.FindAllStringSubmatchIndex(n.text, -1) {
		name := n.text[m[2]:m[3]]
		if env.missing[name] {
			n.pending = true
		}
		value, ok := env.values[name]
		if !ok {
			continue
		}
		b.WriteString(n.text[last:m[0]])
		b.WriteString(value)
		last = m[1]
		if b.Len() > maxSubstituted {
			r.fail(n, "has more than %d KiB once the variables are filled in", maxSubstituted>>10)
			n.pending = true
			return
		}
	}
	if last > 0 {
		b.WriteString(n.text[last:])
		n.text = b.String()
	}
}
