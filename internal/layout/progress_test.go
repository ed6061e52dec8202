package layout

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
)

func TestALineOfProgress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line string
		want api.Progress
		err  string
	}{
		"has everything": {line: `{"fraction": 0.25, "step": "epoch 3", "message": "loss 0.1", "status": "running"}`,
			want: api.Progress{Fraction: ptr.To(0.25), Step: "epoch 3", Message: "loss 0.1", Status: "running"}},
		"has one key":                         {line: `{"status":"rejected"}`, want: api.Progress{Status: "rejected"}},
		"has no key":                          {line: `{}`},
		"has keys of its own":                 {line: `{"step":"a","loss":[1,{}]}`, want: api.Progress{Step: "a"}},
		"has a number as its step":            {line: `{"step": 300}`, want: api.Progress{Step: "300"}},
		"has no step":                         {line: `{"step": null}`},
		"has a list as its step":              {line: `{"step": [1]}`, err: "neither a text nor a number"},
		"has a truth as its step":             {line: `{"step": true}`, err: "neither a text nor a number"},
		"has a text as its fraction":          {line: `{"fraction": "50%"}`, err: "fraction"},
		"has more than all done":              {line: `{"fraction": 1.5}`, err: "fraction 1.5 is not between 0 and 1"},
		"has less than nothing done":          {line: `{"fraction": -0.5}`, err: "not between"},
		"has a sum that is not quite 1":       {line: `{"fraction": 1.0000000002}`, want: api.Progress{Fraction: ptr.To(1.0)}},
		"is a list":                           {line: `[1]`, err: "not a JSON object"},
		"is no JSON":                          {line: `{"step": `, err: "JSON"},
		"is two objects":                      {line: `{} {}`, err: "after top-level value"},
		"has line ends and colours in a text": {line: `{"message":"a\n\tb\u001b[31m red"}`, want: api.Progress{Message: "a b[31m red"}},
		"has a text of more than 500 characters": {line: `{"message":"` + strings.Repeat("ä", 501) + `"}`,
			want: api.Progress{Message: strings.Repeat("ä", 497) + "..."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseProgress([]byte(c.line))
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLinesOfAGrowingFile(t *testing.T) {
	t.Parallel()
	long := `{"message":"` + strings.Repeat("x", maxProgressLine) + `"}` + "\n"
	for name, c := range map[string]struct {
		parts  []string
		want   *api.Progress
		broken int
	}{
		"nothing":                            {},
		"blank lines are passed over":        {parts: []string{"\n \r\n"}},
		"the last one counts":                {parts: []string{"{\"step\":1}\n{\"step\":2}\n"}, want: &api.Progress{Step: "2"}},
		"a key that is missing stays":        {parts: []string{"{\"fraction\":0.5}\n{\"message\":\"m\"}\n"}, want: &api.Progress{Fraction: ptr.To(0.5), Message: "m"}},
		"a line comes in pieces":             {parts: []string{`{"st`, `ep":"a`, "\"}", "\n"}, want: &api.Progress{Step: "a"}},
		"a line whose end has not come":      {parts: []string{"{\"step\":1}\n{\"step\":2}"}, want: &api.Progress{Step: "1"}},
		"broken lines are counted":           {parts: []string{"{\"step\":1}\nTraceback\n{\n"}, want: &api.Progress{Step: "1", BrokenLines: 2}, broken: 2},
		"only broken lines":                  {parts: []string{"no\n"}, broken: 1},
		"a line that is too long is broken":  {parts: []string{long, "{\"step\":1}\n"}, want: &api.Progress{Step: "1", BrokenLines: 1}, broken: 1},
		"one that is too long, in pieces":    {parts: []string{long[:100], long[100 : maxProgressLine/2], long[maxProgressLine/2:], "{\"step\":1}\n"}, want: &api.Progress{Step: "1", BrokenLines: 1}, broken: 1},
		"the end of a line that is too long": {parts: []string{long[:len(long)-1]}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r ProgressReader
			for _, part := range c.parts {
				if n, err := r.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			got, broken := r.Last()
			if diff := cmp.Diff(c.want, got); diff != "" || broken != c.broken {
				t.Errorf("%d broken lines; %s", broken, diff)
			}
		})
	}
	t.Run("a process that has ended has written its last line", func(t *testing.T) {
		t.Parallel()
		var r ProgressReader
		_, _ = r.Write([]byte(`{"status":"rejected"}`))
		r.EndLine()
		r.EndLine()
		if p, broken := r.Last(); !Rejected(p) || broken != 0 {
			t.Errorf("%+v, %d broken", p, broken)
		}
	})
	t.Run("a file that was begun anew keeps the progress", func(t *testing.T) {
		t.Parallel()
		var r ProgressReader
		_, _ = r.Write([]byte("{\"step\":1}\n{\"st"))
		r.Restart()
		if p, _ := r.Last(); p == nil || p.Step != "1" {
			t.Errorf("%+v", p)
		}
		_, _ = r.Write([]byte("{\"step\":2}\n"))
		if p, broken := r.Last(); p.Step != "2" || broken != 0 {
			t.Errorf("%+v, %d broken", p, broken)
		}
	})
}

func FuzzProgress(f *testing.F) {
	f.Add([]byte("{\"fraction\":0.5,\"step\":3}\n"), 3)
	f.Add([]byte("{\"message\":\"\\ud800\\u001b\"}\n{"), 1)
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		var whole, parts ProgressReader
		_, _ = whole.Write(data)
		at = min(max(at, 0), len(data))
		_, _ = parts.Write(data[:at])
		_, _ = parts.Write(data[at:])
		got, _ := whole.Last()
		again, _ := parts.Last()
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("it matters where the pieces end: %s", diff)
		}
		if got == nil {
			return
		}
		if got.Fraction != nil && !(*got.Fraction >= 0 && *got.Fraction <= 1) {
			t.Errorf("fraction %v", *got.Fraction)
		}
		for _, s := range []string{got.Step, got.Message, got.Status} {
			if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxProgressText || strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("unfit for an object of the cluster: %q", s)
			}
		}
	})
}
