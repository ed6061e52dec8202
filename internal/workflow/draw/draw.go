// Package draw writes the graph of a workflow in the languages of Graphviz and
// Mermaid.
package draw

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/text"
)

// A Graph is what is drawn.
type Graph struct {
	Title string
	Tasks []Task
}

// A Task is a node of a Graph.
type Task struct {
	Name string
	// Status is a task's status as text; "notstarted+waiting" for a task that waits
	// for approval. Unknown ones are drawn as those that have not started.
	Status string
	// Depends are the conditions by the name of the task that this one depends on.
	// Dependencies on tasks that the graph does not have are omitted.
	Depends map[string][]string
}

// Waiting is the status of a task that waits for approval.
const Waiting = "notstarted+waiting"

// style is how a status looks.
type style struct{ status, label, fill, line string }

var styles = []style{
	{"notstarted", "not started", "#ffffff", "#6e7781"},
	{Waiting, "waits for approval", "#fff8c5", "#9a6700"},
	{"running", "running", "#ddf4ff", "#0969da"},
	{"success", "success", "#dafbe1", "#1a7f37"},
	{"failed", "failed", "#ffebe9", "#cf222e"},
	{"stopped", "stopped", "#fff1e5", "#bc4c00"},
	{"skipped", "skipped", "#f6f8fa", "#afb8c1"},
	{"cancelled", "cancelled", "#eaeef2", "#8c959f"},
}

func styleOf(status string) int {
	return max(slices.IndexFunc(styles, func(s style) bool { return s.status == status }), 0)
}

// DOT returns the graph in the language of Graphviz. Any text is safe in it.
func DOT(g Graph) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", dotID(g.Title))
	b.WriteString("  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	for _, t := range g.Tasks {
		s := styles[styleOf(t.Status)]
		// In a label "\n" is a line break, which is not escaped again.
		label := strings.TrimSuffix(dotID(t.Name), `"`) + `\n` + s.label + `"`
		fmt.Fprintf(&b, "  %s [label=%s, fillcolor=%q, color=%q];\n", dotID(t.Name), label, s.fill, s.line)
	}
	g.edges(func(_, _ int, from, to string, conditions string) {
		fmt.Fprintf(&b, "  %s -> %s", dotID(from), dotID(to))
		if conditions != "" {
			fmt.Fprintf(&b, " [label=%s, style=dashed]", dotID(conditions))
		}
		b.WriteString(";\n")
	})
	b.WriteString("}\n")
	return b.String()
}

// dotID returns a quoted string of DOT, on one line.
func dotID(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text.OneLine(s, maxText)) + `"`
}

const maxText = 200

// Mermaid returns the graph as a flowchart of Mermaid. Any text is safe in it.
func Mermaid(g Graph) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	if title := text.OneLine(g.Title, maxText); title != "" {
		fmt.Fprintf(&b, "  accTitle: %s\n", mermaidText(title))
	}
	used := make([]bool, len(styles))
	for i, t := range g.Tasks {
		n := styleOf(t.Status)
		used[n] = true
		fmt.Fprintf(&b, "  t%d[\"%s<br/>%s\"]:::s%d\n", i, mermaidText(text.OneLine(t.Name, maxText)), styles[n].label, n)
	}
	g.edges(func(from, to int, _, _ string, conditions string) {
		if conditions == "" {
			fmt.Fprintf(&b, "  t%d --> t%d\n", from, to)
			return
		}
		fmt.Fprintf(&b, "  t%d -.->|\"%s\"| t%d\n", from, mermaidText(text.OneLine(conditions, maxText)), to)
	})
	for n, s := range styles {
		if used[n] {
			fmt.Fprintf(&b, "  classDef s%d fill:%s,stroke:%s,color:#1f2328\n", n, s.fill, s.line)
		}
	}
	return b.String()
}

// mermaidText returns text for a string in quotes: what Mermaid, Markdown or HTML
// would interpret becomes a character code.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\"#&;<>`*~{}[]()|%\\", r) {
			fmt.Fprintf(&b, "#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// edges calls each for all dependencies, in the order of the tasks, with the
// conditions as text: "" for on_success alone.
func (g Graph) edges(each func(from, to int, fromName, toName, conditions string)) {
	index := make(map[string]int, len(g.Tasks))
	for i, t := range g.Tasks {
		index[t.Name] = i
	}
	for to, t := range g.Tasks {
		parents := make([]int, 0, len(t.Depends))
		for parent := range t.Depends {
			if i, ok := index[parent]; ok {
				parents = append(parents, i)
			}
		}
		slices.Sort(parents)
		for _, from := range parents {
			name := g.Tasks[from].Name
			conditions := strings.Join(t.Depends[name], ", ")
			if conditions == "on_success" {
				conditions = ""
			}
			each(from, to, name, t.Name, conditions)
		}
	}
}
