package architecture

import (
	"context"
	"flag"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the lists that are checked in")

// graph returns all packages that the module's link on linux/amd64, by import
// path. They are listed once for all tests.
func graph(t *testing.T) map[string]*Package {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var listed = sync.OnceValues(func() (map[string]*Package, error) {
	pkgs, err := List(context.Background(), Platform, "-deps", Module+"...")
	all := map[string]*Package{}
	for _, p := range pkgs {
		all[p.ImportPath] = p
	}
	return all, err
})

// ours returns the packages of the module.
func ours(t *testing.T) map[string]*Package {
	t.Helper()
	own := map[string]*Package{}
	for _, p := range graph(t) {
		if name, ok := p.Name(); ok {
			own[name] = p
		}
	}
	return own
}

// via returns the shortest chain of imports from one package to another.
func via(all map[string]*Package, from, to string) []string {
	before, queue := map[string]string{from: ""}, []string{from}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if at == to {
			var chain []string
			for ; at != ""; at = before[at] {
				chain = append([]string{at}, chain...)
			}
			return chain
		}
		for _, next := range all[at].Imports {
			if _, seen := before[next]; !seen && all[next] != nil {
				before[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}
