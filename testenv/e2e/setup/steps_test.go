package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

// versions are the resource versions of what only setup changes
// writes to.
func (p *person) versions() string {
	p.Helper()
	return p.kubectl("get", "configmaps,secrets,serviceaccounts,roles,rolebindings,services", "-l", "app.kubernetes.io/managed-by=kubevast",
		"-o", `jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\n"}{end}`) +
		p.kubectl("get", "deployments,localqueues,clusterqueues,resourceflavors,workloadpriorityclasses", "-l", "app.kubernetes.io/managed-by=kubevast",
			"-o", `jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.generation}{"\n"}{end}`) +
		p.kubectl("get", "secrets", "-n", "kueue-system", "-l", "owner=helm", "-o", "name")
}

// submit runs a task to its end.
func (p *person) submit() {
	p.Helper()
	path := filepath.Join(p.TempDir(), "task.yaml")
	if err := os.WriteFile(path, []byte(task), 0o600); err != nil {
		p.Fatal(err)
	}
	// It leaves nothing in the store, whose volume the next step replaces.
	p.vast("submit", path, "--no-results").exits(0).says("hello\n")
}

// withOwnS3 uses the store of one namespace from another one, and goes back.
func (p *person) withOwnS3(t *testing.T) {
	q := newPerson(t, "own-s3")
	of := func(secret, key string) string {
		return p.kubectl("get", "secret", secret, "-o", `go-template={{index .data "`+key+`" | base64decode}}`)
	}
	// Root's: the accounts of the other namespace make no buckets.
	value := func(key string) string { return of("vast-store-root", key) }
	q.kubectl("create", "secret", "generic", "s3", "--from-literal=access-key-id="+value("access-key-id"),
		"--from-literal=secret-access-key="+value("secret-access-key"), "--from-literal=ca.crt="+of("vast-store", "ca.crt"))
	external := []string{"cluster", "setup", "--store-endpoint", of("vast-store", "endpoint"), "--store-secret", "s3", "--store-bucket", "own"}
	q.vast(external...).exits(0)
	if s := q.status().Store; s.Kind != api.StoreExternal || !s.Ready || s.Bucket != "own" || q.there("deployment/vast-store") {
		t.Errorf("store: %+v", s)
	}
	if record := q.kubectl("get", "configmap", "vast-setup", "-o", "yaml"); strings.Contains(record, value("secret-access-key")) {
		t.Error("the record holds credentials")
	}
	q.vast("cluster", "setup", "--no-store=false").exits(0)
	if s := q.status().Store; s.Kind != api.StoreBuiltIn || !s.Ready {
		t.Errorf("store: %+v", s)
	}
	q.vast(external...).exits(0)
	q.vast("cluster", "setup", "--no-store").exits(0)
	if q.there("secret/vast-store") || q.there("deployment/vast-store") {
		t.Error("something of the store is left")
	}
	q.vast("cluster", "cleanup", "--yes").exits(0).says("also set up: " + p.namespace)
	q.kubectl("get", "secret/s3") // it is the user's
}

// putResult puts a file into the store's volume, where it is an object.
func (p *person) putResult() {
	p.Helper()
	volume := p.kubectl("get", "pvc", "vast-store", "-o", "jsonpath={.spec.volumeName}")
	path := p.kubectl("get", "pv", volume, "-o", "jsonpath={.spec.hostPath.path}{.spec.local.path}")
	node, err := cluster.Nodes(p.Context())
	if err == nil {
		_, err = cluster.Exec(p.Context(), node[0], "sh", "-c", "echo 42 > "+path+"/vast/result.txt")
	}
	if err != nil {
		p.Fatal(err)
	}
}

func (p *person) there(object string, more ...string) bool {
	_, err := p.tryKubectl(append([]string{"get", object}, more...)...)
	return err == nil
}
