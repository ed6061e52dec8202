package architecture

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each binary has a list of all packages that it links on linux/amd64, so that
// a new dependency is visible in a diff.
func TestEveryBinaryLinksThePackagesOfItsList(t *testing.T) {
	all := graph(t)
	root, err := Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plugins/kubectl-vast", "plugins/kubectl-vastvol", "agent"} {
		file := filepath.Join(root, filepath.FromSlash(name), "depaware.txt")
		lines := linked(all, name)
		if *update {
			writeLines(t, file, lines)
			continue
		}
		recorded := readLines(t, file)
		if gone, added := missing(recorded, lines), missing(lines, recorded); len(gone)+len(added) > 0 {
			t.Errorf("%s links other packages than its depaware.txt has (-recorded +linked):\n-\t%s\n+\t%s\n"+
				"If that is intended, run\n\tgo test ./internal/architecture -update",
				name, strings.Join(gone, "\n-\t"), strings.Join(added, "\n+\t"))
		}
	}
}

// linked lists the packages of a binary by module: ours first, then the other
// modules, each with one of its importers, then the standard library.
func linked(all map[string]*Package, name string) []string {
	binary := all[Module+name]
	deps := append(slices.Clone(binary.Deps), binary.ImportPath)
	slices.Sort(deps)
	byModule, from := map[string][]string{}, map[string]string{}
	for _, path := range deps {
		p := all[path]
		if p != nil && !hidden(p) {
			byModule[moduleOf(p)] = append(byModule[moduleOf(p)], path)
		}
		for _, imported := range importsOf(p) {
			if m := moduleOf(all[imported]); m != moduleOf(p) && from[m] == "" {
				from[m] = path
			}
		}
	}
	own := strings.TrimSuffix(Module, "/")
	lines := []string{
		fmt.Sprintf("%s links %d packages of %d modules on linux/amd64 (without the standard library's internal ones).",
			filepath.Base(name), count(byModule), len(byModule)-1),
		"Written by `go test ./internal/architecture -update`.",
	}
	order := slices.Sorted(maps.Keys(byModule))
	slices.SortStableFunc(order, func(a, b string) int { return rank(a, own) - rank(b, own) })
	for _, m := range order {
		head := m
		if m == "" {
			head = "the standard library"
		} else if m != own {
			head += "  (imported by " + strings.TrimPrefix(from[m], Module) + ")"
		}
		lines = append(lines, head)
		for _, path := range byModule[m] {
			lines = append(lines, "    "+path)
		}
	}
	return lines
}

func rank(module, own string) int {
	switch module {
	case own:
		return 0
	case "":
		return 2
	}
	return 1
}

func count(byModule map[string][]string) int {
	n := 0
	for _, paths := range byModule {
		n += len(paths)
	}
	return n
}

func importsOf(p *Package) []string {
	if p == nil {
		return nil
	}
	return p.Imports
}

// moduleOf returns the path of the module of p, "" for the standard library.
func moduleOf(p *Package) string {
	if p == nil || p.Module == nil {
		return ""
	}
	return p.Module.Path
}

// hidden reports whether p is internal to the standard library, whose structure
// changes with each version of Go.
func hidden(p *Package) bool {
	return p.Standard && (strings.Contains("/"+p.ImportPath+"/", "/internal/") || strings.HasPrefix(p.ImportPath, "vendor/"))
}
