package walls_test

import (
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// A user's secrets, and the keys of the store, are in the Secrets alone,
// whatever the user does with a task and with a campaign.
func TestSecretsAndKeysAreSeenNowhere(t *testing.T) {
	t.Parallel()
	admin := newPerson(t)
	admin.vast("cluster", "setup", "kind").exits(0)
	user := admin.asUser("user", "edit")
	fromShell, fromFile, keys := newCanary(), newCanary(), admin.storeKeys()
	user.env = append(user.env, "SHELL_SECRET="+fromShell.text)

	user.file("work/input.txt", "an input\n")
	task := user.file("task.yaml", `name: secretive
workdir: work
envs: {GREETING: hello}
secrets: {SHELL_SECRET: null, FILE_SECRET: null}
resources: {cpus: 50m, memory: 32Mi}
run: |
  cp input.txt "$OUTPUT_DIR/output.txt"
  printf '%s' "$GREETING $SHELL_SECRET$FILE_SECRET" | wc -c
`)
	secrets := user.file("secrets.env", "FILE_SECRET="+fromFile.text+"\n")
	r := user.vast("submit", task, "--secret", "SHELL_SECRET", "--secret-file", secrets, "-v=9").exits(0)
	if want := len("hello ") + len(fromShell.text) + len(fromFile.text); !strings.Contains(r.stdout, "\n"+strconv.Itoa(want)+"\n") {
		t.Errorf("the task was given other secrets:\n%s", r.stdout)
	}
	for _, dryRun := range []string{"client", "server"} {
		user.inEveryForm("submit", task, "--secret", "SHELL_SECRET", "--secret-file", secrets, "--dry-run="+dryRun)
	}
	user.inEveryForm("list")
	user.inEveryForm("status", "@latest")
	user.inEveryForm("logs", "@latest")
	user.inEveryForm("results", "list")
	for _, form := range [][]string{nil, {"-o", "json"}, {"-o", "yaml"}} {
		user.vast(append([]string{"results", "show", "@latest"}, form...)...).exits(0)
	}
	user.inEveryForm("results", "download", "@latest", "--dir="+user.TempDir())

	user.vast("submit", user.file("campaign.vast", `version: 1
metadata: {name: secretive}
configuration:
- name: one
  parameters: [{rate: 1}]
execution:
  image: busybox:1.36
  runs: 2
  resources: {cpu: 50m, memory: 32Mi}
  command: echo done >"$OUTPUT_DIR/done.txt"
  timeout: 300
`), "--follow").exits(0)
	campaign := user.vast("campaign", "list", "-o", "jsonpath={.items[0].id}").exits(0).stdout
	user.inEveryForm("campaign", "status", campaign)
	user.inEveryForm("campaign", "list")
	user.inEveryForm("results", "download", campaign, "--dir="+user.TempDir())

	for _, form := range [][]string{nil, {"-o", "yaml"}, {"-o", "json"}} {
		admin.vast(append([]string{"cluster", "status"}, form...)...).exits(0)
		admin.vast(append([]string{"doctor"}, form...)...)
	}
	admin.vast("cluster", "setup", "--dry-run=server", "-o", "yaml").exits(0)
	admin.vast("cluster", "setup", "-v=9").exits(0)

	places := admin.everything()
	for name, c := range map[string]canary{"a secret of the shell": fromShell, "a secret of a file": fromFile, "the store's key": keys} {
		for _, found := range admin.find(c, places) {
			// These print objects that are to be created, Secrets too, for
			// a user who has typed them, as kubectl does.
			if !strings.Contains(found, " --dry-run=client ") && !strings.Contains(found, " -v=9") {
				t.Errorf("%s is seen in %s", name, found)
			}
		}
	}
}

// storeKeys is the secret key in the Secret of the store.
func (p *person) storeKeys() canary {
	p.Helper()
	secret, err := client.CoreV1().Secrets(p.namespace).Get(p.Context(), kube.StoreName, metav1.GetOptions{})
	if err != nil {
		p.Fatal(err)
	}
	return canaryOf(string(secret.Data[kube.StoreSecretKey]))
}
