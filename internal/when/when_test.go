package when

import (
	"strings"
	"testing"
)

func TestExpressionsHold(t *testing.T) {
	env := map[string]string{"STAGE": "prod", "N": "3"}
	matrix := map[string]any{"lr": 0.1, "n": int64(2), "gpu": true, "model": "a"}
	tests := map[string]bool{
		`true`:                              true,
		`env.STAGE == "prod"`:               true,
		`env["STAGE"] in ["dev", "test"]`:   false,
		`has(env.STAGE) && !has(env.OTHER)`: true,
		`int(env.N) > 2`:                    true,
		`env.STAGE.startsWith("pr")`:        true,
		`env.STAGE.matches("^p.*d$")`:       true,
		`matrix.lr < 0.5 && matrix.n == 2`:  true,
		`matrix.gpu`:                        true,
		`matrix.model != "a"`:               false,
		`env.OTHER == "x" || true`:          true,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			e, err := Compile(text)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := e.Holds(env, matrix); err != nil || got != want {
				t.Errorf("%v, error %v; want %v", got, err, want)
			}
		})
	}
}

func TestWrongExpressionsAreErrorsOfOneLine(t *testing.T) {
	tens := "[1,2,3,4,5,6,7,8,9,10]"
	endless := "true"
	for _, v := range strings.Split("abcdefgh", "") {
		endless = tens + ".all(" + v + ", " + endless + ")"
	}
	tests := map[string]struct{ text, compile, holds string }{
		"no expression":            {text: "env.A ==", compile: "is no expression: "},
		"empty":                    {text: "", compile: "is no expression: "},
		"an unknown variable":      {text: "envs.A == 'x'", compile: "undeclared reference to 'envs'"},
		"text":                     {text: "'yes'", compile: "must be a boolean, but is of the type string"},
		"a variable":               {text: "env.STAGE", compile: "must be a boolean, but is of the type string"},
		"a number of a matrix":     {text: "matrix.n", holds: "must be a boolean, but is of the type int"},
		"a variable that is unset": {text: "env.OTHER == ''", holds: "cannot be evaluated: no such key: OTHER"},
		"one that never ends":      {text: endless, holds: "takes too long: its evaluation needs more than 100000 steps"},
		"too long":                 {text: "true" + strings.Repeat(" || true", 600), compile: "4096 are allowed"},
		"nested deeply":            {text: strings.Repeat("(", 1000) + "true" + strings.Repeat(")", 1000), compile: "is no expression: "},
		"another type":             {text: "env.STAGE == 1", compile: "is no expression: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := Compile(tt.text)
			want := tt.compile
			if err == nil {
				_, err = e.Holds(map[string]string{"STAGE": "x"}, map[string]any{"n": int64(1)})
				want = tt.holds
			}
			if err == nil || want == "" || !strings.Contains(err.Error(), want) {
				t.Fatalf("error %v, want %q", err, want)
			}
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
				t.Errorf("the error is long:\n%v", err)
			}
		})
	}
}

func TestTextThatGrowsIsLimited(t *testing.T) {
	// Each level doubles the text.
	text := "env.A"
	for range 40 {
		text = "[" + text + "].map(x, x + x)[0]"
	}
	e, err := Compile(text + " != ''")
	if err == nil {
		_, err = e.Holds(map[string]string{"A": strings.Repeat("a", 1000)}, nil)
	}
	if err == nil {
		t.Fatal("text of 2^40 KB was made")
	}
}

func TestAnErrorHasNoValueOfAVariable(t *testing.T) {
	for _, text := range []string{`env[env.TOKEN] == ""`, `"x".matches(env.TOKEN)`, `int(env.TOKEN) > 1`} {
		e, err := Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = e.Holds(map[string]string{"TOKEN": "hunter2("}, nil); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
