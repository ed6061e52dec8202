package dotenv

import (
	"fmt"
	"regexp"
	"strings"
)

// maxExpanded bounds what all values may come to, since values of values grow
// exponentially. It is far above what a process can be given.
const maxExpanded = 4 << 20

var reference = regexp.MustCompile(`\$\{([^}:]*)(?::-([^}]*))?\}`)

// expand fills in the references of each value. A default is for an undefined
// name, not for an empty one; nothing is expanded twice.
func expand(variables []Variable, lookup func(string) (string, bool)) ([]Variable, []Problem) {
	known := make(map[string]string, len(variables))
	room := maxExpanded
	for i := range variables {
		v := &variables[i]
		var b strings.Builder
		end := 0
		for _, at := range reference.FindAllStringSubmatchIndex(v.Value, -1) {
			b.WriteString(v.Value[end:at[0]])
			end = at[1]
			name := v.Value[at[2]:at[3]]
			text, ok := known[name]
			if !ok {
				text, ok = lookup(name)
			}
			if !ok && at[4] >= 0 {
				text = v.Value[at[4]:at[5]]
			}
			if b.Len()+len(text) > room {
				return variables, []Problem{{v.Line, fmt.Sprintf("with their ${...} filled in, the values are larger than %d KiB", maxExpanded>>10)}}
			}
			b.WriteString(text)
		}
		b.WriteString(v.Value[end:])
		v.Value = b.String()
		room -= b.Len()
		known[v.Name] = v.Value
	}
	return variables, nil
}
