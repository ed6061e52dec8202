package sharing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// registry has a type with all kinds of settings.
func registry() *share.Registry {
	return share.NewRegistry(share.Definition{
		Type: "webdav",
		Settings: []share.Setting{
			{Name: "VAST_SHARE_URL", Aliases: []string{"ROBOVAST_WEBDAV_URL"}, Required: true, Description: "URL of the folder", Example: "https://dav.example.com/x", Check: func(v string) error {
				if !strings.HasPrefix(v, "https://") {
					return fmt.Errorf("%q is no https URL", v)
				}
				return nil
			}},
			{Name: "VAST_SHARE_USER", Required: true, Description: "user name"},
			{Name: "VAST_SHARE_PASSWORD", Secret: true, Check: func(v string) error {
				if len(v) < 3 {
					return errors.New("it is too short")
				}
				return nil
			}},
			{Name: "VAST_SHARE_KEY", File: true, RequiredForUpload: true, Description: "file of the key"},
			{Name: "VAST_SHARE_PORT", Default: "443"},
		},
		Check: func(s share.Settings) []api.Problem {
			if s["VAST_SHARE_USER"] == "nobody" {
				return []api.Problem{{Path: "VAST_SHARE_USER", Message: "nobody has no password"}}
			}
			return nil
		},
		InCluster: func(s share.Settings) (share.Settings, []api.Problem) {
			out := share.Settings{"VAST_SHARE_HOSTS": "line"}
			for k, v := range s {
				out[k] = v
			}
			return out, nil
		},
		Open: func(context.Context, share.Settings) (share.ShareProvider, error) {
			return nil, errors.New("not opened")
		},
	})
}

func TestWhereSettingsComeFrom(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	if err := os.WriteFile(filepath.Join(os.Getenv("HOME"), "key"), []byte("of home"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dotenv string
		env    map[string]string
		upload bool
		want   share.Settings
		err    []string
	}{
		"the file": {dotenv: "VAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=https://a\nexport VAST_SHARE_USER='ann'\n",
			want: share.Settings{"VAST_SHARE_URL": "https://a", "VAST_SHARE_USER": "ann", "VAST_SHARE_PORT": "443"}},
		"aliases": {dotenv: "ROBOVAST_SHARE_TYPE=webdav\nROBOVAST_WEBDAV_URL=https://a\nVAST_SHARE_USER=ann\n",
			want: share.Settings{"VAST_SHARE_URL": "https://a", "VAST_SHARE_USER": "ann", "VAST_SHARE_PORT": "443"}},
		"the environment wins, also by an alias": {dotenv: "VAST_SHARE_TYPE=other\nVAST_SHARE_URL=https://a\nVAST_SHARE_USER=ann\n",
			env:  map[string]string{"ROBOVAST_WEBDAV_URL": "https://b", "VAST_SHARE_TYPE": "webdav", "VAST_SHARE_PORT": "1"},
			want: share.Settings{"VAST_SHARE_URL": "https://b", "VAST_SHARE_USER": "ann", "VAST_SHARE_PORT": "1"}},
		"nothing is expanded": {dotenv: "VAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=https://a\nVAST_SHARE_USER=ann\nVAST_SHARE_PASSWORD=\"pa${HOME}s\\$s\"\n",
			want: share.Settings{"VAST_SHARE_URL": "https://a", "VAST_SHARE_USER": "ann", "VAST_SHARE_PORT": "443", "VAST_SHARE_PASSWORD": `pa${HOME}s\$s`}},
		"files, and what the cluster needs": {dotenv: "VAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=https://a\nVAST_SHARE_USER=ann\nVAST_SHARE_KEY=~/key\n", upload: true,
			want: share.Settings{"VAST_SHARE_URL": "https://a", "VAST_SHARE_USER": "ann", "VAST_SHARE_PORT": "443", "VAST_SHARE_KEY": "of home", "VAST_SHARE_HOSTS": "line"}},
		"the content of a file": {dotenv: "VAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=https://a\nVAST_SHARE_USER=ann\n", env: map[string]string{"VAST_SHARE_KEY": " {\"key\": 1}"},
			want: share.Settings{"VAST_SHARE_URL": "https://a", "VAST_SHARE_USER": "ann", "VAST_SHARE_PORT": "443", "VAST_SHARE_KEY": " {\"key\": 1}"}},
		"all problems at once": {dotenv: "\nVAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=ftp://a\nVAST_SHARE_PASSWORD=ab\nVAST_SHARE_KEY=/nowhere/key\n", upload: true,
			err: []string{".env:3:1: VAST_SHARE_URL: \"ftp://a\" is no https URL", "VAST_SHARE_USER: it is missing: user name", ".env:4:1: VAST_SHARE_PASSWORD: it is too short",
				".env:5:1: VAST_SHARE_KEY: the file \"/nowhere/key\" cannot be read"}},
		"no type":                          {err: []string{"VAST_SHARE_TYPE: it is missing", "one of webdav"}},
		"an unknown type":                  {dotenv: "VAST_SHARE_TYPE=webdaw\n", err: []string{".env:1:1: VAST_SHARE_TYPE: unknown type of share \"webdaw\", did you mean \"webdav\"?"}},
		"a file that is no dotenv":         {dotenv: "VAST_SHARE_TYPE=webdav\nthis is secret-canary\n", err: []string{".env:2:1: "}},
		"settings that do not go together": {dotenv: "VAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=https://a\nVAST_SHARE_USER=nobody\n", err: []string{"nobody has no password"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			below := filepath.Join(root, "a", "b")
			if err := os.MkdirAll(below, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, ".env"), []byte(c.dotenv), 0o600); err != nil {
				t.Fatal(err)
			}
			d, got, err := Load(t.Context(), registry(), LoadOptions{Dir: below, Upload: c.upload,
				Lookup: func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }})
			if len(c.err) > 0 {
				if !api.IsInvalidSpec(err) {
					t.Fatalf("the error is %v", err)
				}
				for _, want := range c.err {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("the error lacks %q:\n%v", want, err)
					}
				}
				if strings.Contains(err.Error(), "canary") {
					t.Errorf("the error has a value: %v", err)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" || d.Type != "webdav" {
				t.Errorf("%v, (-want,+got):\n%s", err, diff)
			}
		})
	}
}

func TestTheNearestDotenvIsTheOneThatCounts(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "a")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir, user := range map[string]string{root: "far", below: "near"} {
		text := "VAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=https://a\nVAST_SHARE_USER=" + user + "\n"
		if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none := func(string) (string, bool) { return "", false }
	_, got, err := Load(t.Context(), registry(), LoadOptions{Dir: below, Lookup: none})
	if err != nil || got["VAST_SHARE_USER"] != "near" {
		t.Errorf("%v, %v", got, err)
	}
	if _, set := os.LookupEnv("VAST_SHARE_USER"); set {
		t.Error("the file was exported")
	}
}
