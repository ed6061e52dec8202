package manifest

import (
	"testing"

	"github.com/kubevast/vast/sdk/spec"
)

func TestBuildSimple(t *testing.T) {
	objs, err := Build(Input{Task: &spec.Task{Name: "hello", NumNodes: 2, Run: "echo $$ $(date)"}, ID: "abcdefgh", Namespace: "default", User: "a@b"})
	if err != nil {
		t.Fatal(err)
	}
	if len(objs.Helpers) != 1 {
		t.Fatalf("want a Service, got %d helpers", len(objs.Helpers))
	}
}
