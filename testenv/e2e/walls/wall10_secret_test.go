package walls_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestWall10ASecretOfACampaignIsSeenNowhere(t *testing.T) {
	t.Parallel()
	admin := newPerson(t)
	admin.vast("cluster", "setup", "kind").exits(0)
	user, c := admin.asUser("user", "edit"), newCanary()
	user.env = append(user.env, "TOKEN="+c.text)

	file := user.file("c.vast", `version: 1
metadata: {name: secretive}
configuration: [{name: one}]
execution:
  image: busybox:1.36
  runs: 1
  resources: {cpu: 50m, memory: 32Mi}
  command: printf %s "$TOKEN" | wc -c
  timeout: 300
`)
	user.vast("campaign", "run", file, "--secret", "TOKEN", "--follow", "-v=9").exits(0)
	id := user.vast("campaign", "list", "-o", "jsonpath={.items[0].id}").exits(0).stdout
	user.inEveryForm("campaign", "list")
	user.inEveryForm("campaign", "status", id)
	user.inEveryForm("results", "list", id)
	dir := user.TempDir()
	user.inEveryForm("results", "download", id, "--dir="+dir)
	if !strings.Contains(logsIn(t, dir), strconv.Itoa(len(c.text))) {
		t.Error("the run was not given its secret")
	}
	user.vast("campaign", "rerun", id, "--secret", "TOKEN", "-v=9")

	for _, found := range admin.find(c, admin.everything()) {
		if !strings.Contains(found, " -v=9") { // what a user has typed is sent, as kubectl shows it
			t.Errorf("a secret of a campaign is seen in %s", found)
		}
	}
}

// logsIn are the logs in a folder of results.
func logsIn(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".log") {
			return err
		}
		data, err := os.ReadFile(path) // of the test's own folder
		all.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
