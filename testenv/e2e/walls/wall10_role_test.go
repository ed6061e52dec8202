package walls_test

import (
	"strings"
	"testing"
)

// Whoever has the Role that doctor prints, and nothing else, walks through all
// that a user does.
func TestWall10TheRoleOfDoctorIsEnough(t *testing.T) {
	t.Parallel()
	admin := newPerson(t)
	admin.vast("cluster", "setup", "kind").exits(0)
	role := admin.vast("doctor", "--role").exits(0).stdout
	role, _, _ = strings.Cut(role, "\n---") // the optional one is left out
	admin.apply(role)
	user := admin.bound("user", "Role", "vast-user")

	user.vast("doctor", "--no-probe").exits(0)
	user.file("work/in.txt", "in\n")
	user.vast("submit", user.file("task.yaml", `name: walk
num_nodes: 2
workdir: work
secrets: {KEY: value}
resources: {cpus: 50m, memory: 32Mi}
run: cat in.txt >$OUTPUT_DIR/out.txt; echo hello
`)).exits(0).says("hello")
	for _, command := range [][]string{
		{"list"}, {"list", "-o", "wide"}, {"status", "@latest"}, {"logs", "@latest"}, {"queue", "status"}, {"queue", "list"},
		{"results", "list"}, {"results", "show", "@latest"}, {"results", "download", "@latest", "--dir=" + user.TempDir()}, {"results", "delete", "@latest", "--yes"},
	} {
		user.vast(command...).exits(0)
	}
	user.vast("submit", "-d", user.file("long.yaml", "name: long\nresources: {cpus: 50m, memory: 32Mi}\nrun: sleep 600\n")).exits(0)
	user.vast("stop", "@latest").exits(0)
	user.vast("delete", "@latest", "--yes", "--wait").exits(0)

	user.vast("submit", user.file("c.vast", `version: 1
metadata: {name: walk}
configuration: [{name: one}]
execution: {image: "busybox:1.36", runs: 1, command: "true", resources: {cpu: 50m, memory: 32Mi}, timeout: 300}
`), "--follow").exits(0)
	id := user.vast("campaign", "list", "-o", "jsonpath={.items[0].id}").exits(0).stdout
	user.vast("campaign", "status", id).exits(0)
	user.vast("campaign", "stop", id)
	user.vast("campaign", "cleanup", id, "--data", "--force", "--yes").exits(0)

	user.vol("create", "data", "1Mi").exits(0)
	user.vol("list").exits(0).says("data")
	user.vol("delete", "data", "--yes").exits(0)

	user.vast("cluster", "setup", "kind").exits(4)
	if out, err := user.tryKubectl("get", "secrets"); err == nil {
		t.Errorf("the Role lists Secrets:\n%s", out)
	}

	admin.apply(strings.SplitN(admin.vast("doctor", "--role=reader").exits(0).stdout, "\n---", 2)[0])
	reader := admin.bound("reader", "Role", "vast-reader")
	reader.vast("list", "--all-users").exits(0)
	reader.vast("submit", "-d", user.file("long.yaml", "name: long\nrun: sleep 600\n")).exits(4)
}
