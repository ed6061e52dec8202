package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lookup(name string) (string, bool) {
	v, ok := map[string]string{"HOME": "/home/me", "EMPTY": ""}[name]
	return v, ok
}

func TestVariablesOfTheCommandLine(t *testing.T) {
	got, err := envFromValues("Envs", []string{"A=1", "B=x=y", "C=", "HOME", "EMPTY", "D= a "}, lookup)
	want := map[string]string{"A": "1", "B": "x=y", "C": "", "HOME": "/home/me", "EMPTY": "", "D": " a "}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, variables (-want,+got):\n%s", err, diff)
	}
}

func TestWrongVariablesOfTheCommandLineAreAllNamedWithoutTheirValues(t *testing.T) {
	_, err := envFromValues("Secrets", []string{"A=1", "A=2", "UNSET", "1B=hush", "hush hush", "NUM_NODES=2", "=hush"}, lookup)
	want := lines(
		"Secrets: A is given twice",
		"Secrets: UNSET is not set in your environment; write UNSET=value, or export it",
		`Secrets: "1B" is not a variable's name: letters, digits and "_" are allowed, and the first is no digit`,
		"Secrets: must be NAME=value, or NAME of a variable of your environment",
		`Secrets: "NUM_NODES" is set by kubevast on every node and cannot be given; use another name`,
		`Secrets: "" is not a variable's name: letters, digits and "_" are allowed, and the first is no digit`,
	)
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}

func TestEnvFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := write("one", "\ufeff# comment\r\nexport A=1\r\nB=\"two\nwords\"\n\nC='it\\'s ${HOME}'\nD=a#b # comment\nE=\nM={\"k\": \"v\"}\nQ=abc'def'\nT=\"\t\"")
	two := write("two", "A=2\nF=x=y\nG=4\n")
	t.Run("a later file wins, and the options win over files", func(t *testing.T) {
		got, err := Variables{Option: "Envs", Values: []string{"G=3"}, Files: []string{one, two}}.Read(t.Context(), nil, lookup)
		want := map[string]string{"A": "2", "B": "two\nwords", "C": "it's /home/me", "D": "a#b", "E": "", "F": "x=y", "G": "3",
			"M": `{"k": "v"}`, "Q": "abc'def'", "T": "\t"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, variables (-want,+got):\n%s", err, diff)
		}
	})
	t.Run("problems of all files and options come in one answer", func(t *testing.T) {
		bad, names := write("bad", "A=1\nhush\n\nB='hush"), write("names", "NODE_RANK=1\nA=2\nhu.sh=2\nhush\n")
		binary, large := write("binary", "A=\xff"), write("large", strings.Repeat("#", MaxBytes+1))
		_, err := Variables{Option: "Envs", Values: []string{"UNSET"}, Files: []string{bad, names, binary, large, dir, filepath.Join(dir, "none")}}.
			Read(t.Context(), nil, lookup)
		want := lines(
			bad+`:2:1: there is no "=" behind a name; a line is NAME=value`,
			bad+`:4:1: the closing ' of the value is missing; \' does not close it, and \\ is a backslash`,
			names+":1:1: NODE_RANK: is set by kubevast on every node and cannot be given; use another name",
			names+`:3:1: the text before "=" is not a variable's name: letters, digits and "_" are allowed, and the first is no digit`,
			names+`:4:1: there is no "=" behind a name; a line is NAME=value`,
			binary+": the file is not text in UTF-8, or holds a NUL byte",
			large+": the file is larger than 1024 KiB",
			dir+": is a directory; name a file, or - for standard input",
			filepath.Join(dir, "none")+": no such file",
			"Envs: UNSET is not set in your environment; write UNSET=value, or export it",
		)
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("problems (-want,+got):\n%s", diff)
		}
	})
}
