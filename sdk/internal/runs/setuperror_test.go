package runs

import "testing"

func TestTheNameOfAFileThatCannotBeReadIsFound(t *testing.T) {
	for text, want := range map[string]string{
		"name: nightly\ntasks: [":              "nightly",
		"kind: Workflow\nname : \"a.b-c\" # x": "a.b-c",
		"tasks:\n  name: inner\n":              "",
		"name: 'quoted'\r\ntasks: {}":          "quoted",
		"name: two words\n":                    "",
		"name: -x\n":                           "",
		"names: x\n":                           "",
		"name:\n":                              "",
	} {
		got := ""
		if found := nameLine.FindStringSubmatch(text); found != nil {
			got = found[1]
		}
		if got != want {
			t.Errorf("%q has the name %q, want %q", text, got, want)
		}
	}
}
