package command

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

const apiDir = "../../../sdk/api"

// apiFiles parses the files of package api.
func apiFiles(t *testing.T) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(apiDir + "/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files of package api: %v", err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// remedyHolders are the struct types of package api with a field []Remedy that is
// part of their JSON.
func remedyHolders(t *testing.T) []string {
	var names []string
	for _, file := range apiFiles(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return false
			}
			for _, field := range fields.Fields.List {
				if array, ok := field.Type.(*ast.ArrayType); ok && field.Tag != nil {
					if elem, ok := array.Elt.(*ast.Ident); ok && elem.Name == "Remedy" {
						names = append(names, spec.Name.Name)
					}
				}
			}
			return false
		})
	}
	slices.Sort(names)
	return names
}

func TestCommandLinesAreFilledInWhereverThereAreRemedies(t *testing.T) {
	remedies := func() []api.Remedy {
		return []api.Remedy{{Action: api.TasksLogs, Ref: "x"}, {Options: []string{"Force"}}}
	}
	want := []api.Remedy{{Action: api.TasksLogs, Ref: "x", Command: "kubectl vast logs x -n lab"}, {Options: []string{"Force"}}}
	values := map[string]struct {
		value any
		get   func(any) []api.Remedy
	}{
		"ComponentState": {
			&api.ClusterStatus{Queue: api.ClusterQueue{ComponentState: api.ComponentState{Remedies: remedies()}}},
			func(v any) []api.Remedy { return v.(*api.ClusterStatus).Queue.Remedies },
		},
		"Diagnosis": {
			&api.TaskStatusList{Items: []api.TaskStatus{{}, {Diagnosis: &api.Diagnosis{Remedies: remedies()}}}},
			func(v any) []api.Remedy { return v.(*api.TaskStatusList).Items[1].Diagnosis.Remedies },
		},
		"Check": {
			&api.DoctorReport{Checks: []api.Check{{}, {Remedies: remedies()}}},
			func(v any) []api.Remedy { return v.(*api.DoctorReport).Checks[1].Remedies },
		},
		"Notice": {
			&api.Notice{Remedies: remedies()},
			func(v any) []api.Remedy { return v.(*api.Notice).Remedies },
		},
	}
	to := func() Target { return NewTarget(nil, "default").In("lab") }
	for _, name := range remedyHolders(t) {
		tc, ok := values[name]
		if !ok {
			t.Errorf("api.%s holds remedies; add a value that holds one to this test", name)
			continue
		}
		Fill(to, tc.value)
		if diff := cmp.Diff(want, tc.get(tc.value)); diff != "" {
			t.Errorf("%s (-want,+got):\n%s", name, diff)
		}
	}
}

func TestNoTargetIsComputedForValuesWithoutRemedies(t *testing.T) {
	Fill(func() Target { t.Error("called"); return Target{} }, &api.QueuedTaskList{})
	Fill(nil, nil)
}
