package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
)

func TestSecretsAreInNoObjectButTheSecret(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.env = append(p.env, "FROM_SHELL=shell value", "SHELL_SECRET=hidden-shell")
	envFile := p.file("vars.env", "# a comment\nexport FROM_FILE='file value' # another\nHASH=pass#word\nJSON={\"k\": \"v\"}\nLINES=\"it's $(HOME)\n${FROM_SHELL}\"\n")
	secretFile := p.file("secrets.env", "FILE_SECRET=hidden-file\n")
	r := p.vast("submit", p.file("task.yaml", `name: secretive
envs: {GIVEN: null, KEPT: from the task file}
secrets: {FLAG_SECRET: null, IN_FILE: hidden-yaml}
run: |
  printf '%s|' "$GIVEN" "$KEPT" "$FROM_SHELL" "$FROM_FILE" "$HASH" "$JSON" "$LINES"
  printf '%s' "$FLAG_SECRET$IN_FILE$SHELL_SECRET$FILE_SECRET" | wc -c
`), "--env", "GIVEN=a=b", "--env", "FROM_SHELL", "--env-file", envFile,
		"--secret", "FLAG_SECRET=hidden-flag", "--secret", "SHELL_SECRET", "--secret-file", secretFile).exits(0)
	if _, log, _ := strings.Cut(r.stdout, "\n"); log != "a=b|from the task file|shell value|file value|pass#word|{\"k\": \"v\"}|it's $(HOME)\nshell value|45\n" {
		t.Errorf("the task prints %q", log)
	}
	for kind, text := range p.everything() {
		for _, s := range []string{"hidden-flag", "hidden-yaml", "hidden-shell", "hidden-file"} {
			found := strings.Contains(text, s) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(s)))
			if found != (kind == "secrets") {
				t.Errorf("%s is in the %s of the namespace: %v", s, kind, found)
			}
		}
	}
	for _, args := range [][]string{{"status", r.id()}, {"status", r.id(), "-o", "yaml"}, {"list", "-o", "yaml"}} {
		if got := p.vast(args...).exits(0); strings.Contains(got.stdout+got.stderr, "hidden") {
			t.Errorf("%v shows a secret:\n%s", args, got.stdout)
		}
	}
	if strings.Contains(r.stdout+r.stderr, "hidden") {
		t.Errorf("submit shows a secret:\n%s%s", r.stdout, r.stderr)
	}
}

func TestAMissingInputIsNamedWithTheOptionThatGivesIt(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	before := p.objects()
	p.vast("submit", p.file("task.yaml", "envs: {A: null}\nsecrets: {B: null}\nrun: echo\n")).exits(2).
		prints("envs.A: has no value", "use --env=A=", "secrets.B: has no value", "use --secret=B=")
	p.leftNothing(before)
}

// everything returns the objects of the namespace, events too, as JSON by
// kind.
func (p *person) everything() map[string]string {
	p.Helper()
	kinds, err := listable()
	if err != nil {
		p.Fatal(err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		p.Fatal(err)
	}
	out := map[string]string{}
	for _, kind := range append(slices.Clone(kinds), eventsKind) {
		list, err := dyn.Resource(kind).Namespace(p.namespace).List(context.Background(), metav1.ListOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			continue
		}
		if err != nil {
			p.Fatalf("list %s: %v", kind.Resource, err)
		}
		data, err := json.Marshal(list)
		if err != nil {
			p.Fatal(err)
		}
		out[kind.Resource] += string(data)
	}
	return out
}
