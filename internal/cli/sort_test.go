package cli

import (
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/cli/table"
)

func TestSort(t *testing.T) {
	type item struct {
		Name  string         `json:"name"`
		Size  string         `json:"size,omitempty"`
		N     *int           `json:"n,omitempty"`
		Flag  bool           `json:"flag"`
		Ended *string        `json:"ended,omitempty"`
		More  map[string]int `json:"more,omitempty"`
	}
	one, ten := 1, 10
	early, late := "2026-11-21T10:00:00Z", "2026-11-21T10:00:00+05:00"
	items := func() []item {
		return []item{{"b", "10Gi", &ten, true, &early, map[string]int{"a": 1}}, {"a", "9Gi", nil, false, nil, nil}, {"c", "512Mi", &one, false, &late, nil}}
	}
	columns := table.Columns[item]{
		{Name: "Name", Text: func(i *item) string { return i.Name }},
		{Name: "Used By", Text: func(i *item) string { return "z" + i.Size }, Order: table.ByQuantity(func(i *item) string { return i.Size })},
	}
	for by, want := range map[string]string{
		"": "bac", "name": "abc", "NAME": "abc", "{.name}": "abc", ".name": "abc", "used-by": "cab", "Used By": "cab", "usedby": "cab",
		"size": "cab", "{.n}": "acb", ".n": "acb", "n": "acb", ".flag": "acb", "ended": "acb",
		"more": "!", "{.more}": "!", "nothing": "!", "{.nothing}": "!", "{.name": "!", "{.more.a}": "acb",
	} {
		list := items()
		err := SortItems(&GetFlags{SortBy: by}, columns, list)
		got := ""
		for _, i := range list {
			got += i.Name
		}
		if err != nil {
			got = "!"
			if ExitCode(err) != CodeUsage || !strings.Contains(err.Error(), "name, used-by") {
				t.Errorf("%q: error %v does not name the columns", by, err)
			}
		}
		if got != want {
			t.Errorf("--sort-by=%s: %s, want %s (%v)", by, got, want, err)
		}
	}
	if err := SortItems(&GetFlags{SortBy: "{.nothing}"}, columns, nil); err != nil {
		t.Errorf("an empty list: %v", err)
	}
}
