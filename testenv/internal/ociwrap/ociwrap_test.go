package ociwrap

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

func TestRewrite(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"container": {
			in: `{"ociVersion":"1.0","process":{"oomScoreAdj":-999,"rlimits":[{"type":"RLIMIT_NOFILE","hard":1,"soft":1}],
				"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"],"ambient":null}},
				"linux":{"resources":{"pids":{"limit":9007199254740993}}}}`,
			want: `{"ociVersion":"1.0","process":{"oomScoreAdj":0,
				"capabilities":{"bounding":["CAP_CHOWN"],"ambient":null}},
				"linux":{"resources":{"pids":{"limit":9007199254740993}}}}`,
		},
		"process of an exec": {
			in:   `{"args":["sh"],"rlimits":[],"capabilities":{"effective":["CAP_SYS_RESOURCE"]}}`,
			want: `{"args":["sh"],"capabilities":{"effective":[]}}`,
		},
		"a positive score stays": {
			in:   `{"process":{"oomScoreAdj":500}}`,
			want: `{"process":{"oomScoreAdj":500}}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Rewrite([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(decode(t, got), decode(t, []byte(test.want))) {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestRewriteRejectsWhatIsNoJSON(t *testing.T) {
	if _, err := Rewrite([]byte("{")); err == nil {
		t.Error("no error for half a document")
	}
}

func TestFiles(t *testing.T) {
	tests := map[string]struct{ args, want []string }{
		"create": {
			args: []string{"--root", "/r", "--log", "/l", "create", "--bundle", "/b", "--pid-file", "/p", "id"},
			want: []string{"/b/config.json"},
		},
		"create with =": {args: []string{"create", "--bundle=/b", "id"}, want: []string{"/b/config.json"}},
		"exec":          {args: []string{"exec", "--process", "/x.json", "--detach", "id"}, want: []string{"/x.json"}},
		"delete":        {args: []string{"delete", "--force", "id"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Files(test.args); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func decode(t *testing.T, raw []byte) any {
	t.Helper()
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
