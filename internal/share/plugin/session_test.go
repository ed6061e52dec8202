package plugin

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTheDocumentedSessionIsWhatTheExampleDoes plays the session of
// docs/share-plugins.md with the example.
func TestTheDocumentedSessionIsWhatTheExampleDoes(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil && os.Getenv("CI") == "" {
		t.Skip("there is no python3")
	}
	text, err := os.ReadFile("../../../docs/share-plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	_, session, _ := strings.Cut(string(text), "## A session")
	_, session, found := strings.Cut(session, "```\n")
	if !found {
		t.Fatal("there is no session")
	}
	session, _, _ = strings.Cut(session, "```")
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "../../../examples/share-plugin/"+prefix+"folder")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	printed := bufio.NewReader(out)
	exchanged := 0
	for line := range strings.Lines(session) {
		exchanged++
		line = strings.TrimSuffix(line, "\n")
		switch direction, what, _ := strings.Cut(line, " "); direction {
		case ">":
			_, err = io.WriteString(in, strings.ReplaceAll(what, "/mnt/results", dir)+"\n")
		case ">>":
			_, err = io.WriteString(in, what)
		case "<":
			var got string
			if got, err = printed.ReadString('\n'); err == nil {
				if diff := cmp.Diff(parsed(t, what), parsed(t, got)); diff != "" {
					t.Errorf("%s\n%s", line, diff)
				}
			}
		case "<<":
			got := make([]byte, len(what))
			if _, err = io.ReadFull(printed, got); err == nil && string(got) != what {
				t.Errorf("%q, not %q", got, what)
			}
		default:
			t.Fatalf("%q has no direction", line)
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(printed); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if exchanged < 20 {
		t.Errorf("the session has %d lines", exchanged)
	}
}

// changing are the values that differ in each run, but not their form.
var changing = regexp.MustCompile(`("modified": ?"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")|("validator": ?"\d+-11")`)

func parsed(t *testing.T, line string) (value any) {
	t.Helper()
	line = changing.ReplaceAllString(line, `"changing":true`)
	if err := json.Unmarshal([]byte(line), &value); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return value
}
