package draw

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var sample = Graph{Title: "nightly", Tasks: []Task{
	{Name: "build", Status: "success"},
	{Name: "deploy", Status: Waiting, Depends: map[string][]string{"build": {"on_success"}}},
	{Name: "notify", Status: "notstarted", Depends: map[string][]string{"deploy": {"on_failure", "on_skipped"}, "gone": {"always"}}},
}}

func TestDOT(t *testing.T) {
	const want = `digraph "nightly" {
  rankdir=LR;
  node [shape=box, style="rounded,filled", fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  "build" [label="build\nsuccess", fillcolor="#dafbe1", color="#1a7f37"];
  "deploy" [label="deploy\nwaits for approval", fillcolor="#fff8c5", color="#9a6700"];
  "notify" [label="notify\nnot started", fillcolor="#ffffff", color="#6e7781"];
  "build" -> "deploy";
  "deploy" -> "notify" [label="on_failure, on_skipped", style=dashed];
}
`
	if diff := cmp.Diff(want, DOT(sample)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMermaid(t *testing.T) {
	const want = `flowchart LR
  accTitle: nightly
  t0["build<br/>success"]:::s3
  t1["deploy<br/>waits for approval"]:::s1
  t2["notify<br/>not started"]:::s0
  t0 --> t1
  t1 -.->|"on_failure, on_skipped"| t2
  classDef s0 fill:#ffffff,stroke:#6e7781,color:#1f2328
  classDef s1 fill:#fff8c5,stroke:#9a6700,color:#1f2328
  classDef s3 fill:#dafbe1,stroke:#1a7f37,color:#1f2328
`
	if diff := cmp.Diff(want, Mermaid(sample)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// hostile are texts that would end a string, or start markup, if they were not quoted.
var hostile = []string{
	`a"]; b [label="x`, `ends with \`, `\"`, "a\nb -> c", `\N \l`, `<b>x</b><script>`, "#quot;", "}\nclick t0 href", "`md`", "a%%{init: {}}%%", "ends -->|x| t1", "",
}

// TestGraphvizReadsEveryTextAsItIs has Graphviz print each name.
func TestGraphvizReadsEveryTextAsItIs(t *testing.T) {
	dot, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is missing")
	}
	for _, text := range hostile {
		g := Graph{Title: text, Tasks: []Task{{Name: "first", Status: "success"}, {Name: "x" + text, Status: text, Depends: map[string][]string{"first": {text}}}}}
		cmd := exec.CommandContext(t.Context(), dot, "-Tplain")
		cmd.Stdin = strings.NewReader(DOT(g))
		out, err := cmd.CombinedOutput()
		nodes, edges := strings.Count(string(out), "\nnode "), strings.Count(string(out), "\nedge ")
		if err != nil || nodes != 2 || edges != 1 {
			t.Errorf("%q: %v, %d nodes and %d edges:\n%s\nof\n%s", text, err, nodes, edges, out, DOT(g))
		}
	}
}

func TestNoTextEndsAStringOfMermaid(t *testing.T) {
	for _, text := range hostile {
		g := Graph{Title: text, Tasks: []Task{{Name: "first"}, {Name: text, Depends: map[string][]string{"first": {text}}}}}
		for line := range strings.Lines(Mermaid(g)) {
			line = strings.NewReplacer("<br/>", "", "-->", "", ".->", "").Replace(line)
			if n := strings.Count(line, `"`); n != 0 && n != 2 {
				t.Errorf("%q: %d quotes in %s", text, n, line)
			}
			if strings.ContainsAny(line, "<>{}`%\\") {
				t.Errorf("%q: markup in %s", text, line)
			}
		}
	}
}
