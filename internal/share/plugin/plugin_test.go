package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// describe is the beginning of the shell scripts of the tests: each has one process
// for "describe" and one for "open" and what follows.
const describe = `#!/bin/sh
read -r request
case $request in
*describe*) echo '{"id":1,"result":{"version":1,"description":"a test","settings":[{"name":"TOKEN","description":"A token","secret":true}]}}'; exit;;
esac
`

const opens = describe + `echo '{"id":1,"result":{"version":1,"capabilities":{"list":true,"remove":true}}}'
read -r request
`

// script writes an executable of the type "test" and puts it on the PATH.
func script(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, prefix+"test"), []byte(text), 0o755); err != nil { // it is run
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

const token = "s3cret-t0ken"

// start registers the type of the script and opens it.
func start(t *testing.T, text string) (share.ShareProvider, error) {
	t.Helper()
	script(t, text)
	r := share.NewRegistry()
	if err := Register(t.Context(), r, "test"); err != nil {
		return nil, err
	}
	d, err := r.Lookup("test")
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Open(t.Context(), share.Settings{"TOKEN": token})
	if err == nil {
		t.Cleanup(func() { _ = p.Close() })
	}
	return p, err
}

func TestAPlugInIsFoundOnThePath(t *testing.T) {
	script(t, describe)
	if types := Types(); !slices.Contains(types, "test") {
		t.Errorf("%q", types)
	}
	r := share.NewRegistry()
	for range 2 { // the second finds it registered
		if err := Register(t.Context(), r, "test"); err != nil {
			t.Fatal(err)
		}
	}
	d, err := r.Lookup("test")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range d.Settings {
		names = append(names, s.Name)
	}
	if d.Type != "test" || d.Description != "a test" || !slices.Equal(names, []string{"TOKEN", ImageSetting}) || !d.Settings[0].Secret || !d.Settings[1].RequiredForUpload {
		t.Errorf("%+v", d)
	}
	if err := Register(t.Context(), r, "missing"); !api.IsNotFound(err) || !slices.Equal(r.Types(), []string{"test"}) {
		t.Errorf("%v, %q", err, r.Types())
	}
}

func TestAPlugInThatDoesNotWorkIsAProblemOfItsTypeOnly(t *testing.T) {
	script(t, "#!/bin/sh\necho broken >&2; exit 1")
	r := share.NewRegistry(share.Definition{Type: "dir", Open: func(context.Context, share.Settings) (share.ShareProvider, error) { return nil, nil }})
	RegisterAll(t.Context(), r)
	d, err := r.Lookup("test")
	if err != nil {
		t.Fatal(err)
	}
	problems := d.Check(nil)
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "broken") {
		t.Errorf("%v", problems)
	}
	script(t, describe)
	r = share.NewRegistry()
	RegisterAll(t.Context(), r)
	if d, err := r.Lookup("test"); err != nil || d.Description != "a test" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestWhatIsWrongWithAPlugInIsOneClearError(t *testing.T) {
	old := stall
	stall = 300 * time.Millisecond
	defer func() { stall = old }()
	for name, c := range map[string]struct {
		script string
		want   string
		is     func(error) bool
	}{
		"it prints something else":      {opens + "echo hello", `it printed "hello", which is not a line of the protocol`, api.IsUnavailable},
		"it prints its token":           {opens + "echo hello " + token, `it printed "hello ***"`, api.IsUnavailable},
		"it prints without an end":      {opens + "head -c 3000000 /dev/zero; sleep 5", "a line of more than 1048576 bytes", api.IsUnavailable},
		"it ends":                       {opens + "echo 'no network' >&2; exit 3", "it ended during a request: exit status 3; it printed: no network", api.IsUnavailable},
		"it ends and logs its token":    {opens + "echo 'token " + token + "' >&2; exit 3", "it printed: token ***", api.IsUnavailable},
		"it ends in the middle":         {opens + `printf '{"id":2,'`, "it ended in the middle of the line", api.IsUnavailable},
		"it hangs":                      {opens + "exec sleep 5", "did neither print nor read anything for 300ms", isTemporary},
		"it hangs with a child":         {opens + "sleep 5", "did neither print nor read anything for 300ms", isTemporary},
		"it answers another request":    {opens + `echo '{"id":7,"result":{}}'`, "a line for request 7 during request 2", api.IsUnavailable},
		"it answers about another name": {opens + `echo '{"id":2,"result":{"name":"b"}}'`, `its answer for "a.tar.gz" is about "b"`, api.IsUnavailable},
		"it answers nothing":            {opens + `echo '{"id":2}'`, "neither result nor error", api.IsUnavailable},
		"it uses an unknown code":       {opens + `echo '{"id":2,"error":{"code":"oops","message":"m"}}'`, `unknown code "oops": m`, api.IsUnavailable},
		"it describes another version":  {"#!/bin/sh\nread -r request\necho '{\"id\":1,\"result\":{\"version\":2}}'", "version 2 of the protocol; this build supports version 1", api.IsNotSupported},
		"it describes a reserved name":  {"#!/bin/sh\nread -r request\necho '{\"id\":1,\"result\":{\"version\":1,\"description\":\"d\",\"settings\":[{\"name\":\"VAST_SHARE_TYPE\"}]}}'", "VAST_SHARE_TYPE is reserved", api.IsUnavailable},
		"it refuses the settings":       {describe + `echo '{"id":1,"error":{"code":"invalid","message":"TOKEN has expired"}}'`, "TOKEN has expired", api.IsInvalidSpec},
		"it cannot be run":              {"#!/no/such/shell\n", "it cannot be started", api.IsUnavailable},
		"not_found":                     {reports("not_found", 0), `archive "a.tar.gz" not found: share plug-in "test": the reason`, api.IsNotFound},
		"forbidden":                     {reports("forbidden", 0), `share plug-in "test": the reason`, api.IsForbidden},
		"conflict":                      {reports("conflict", 0), "the reason", api.IsConflict},
		"no_space":                      {reports("no_space", 0), "the reason", api.IsUnavailable},
		"unsupported":                   {reports("unsupported", 0), "the reason", api.IsNotSupported},
		"temporary": {reports("temporary", 7), "the reason", func(err error) bool {
			var e *share.TemporaryError
			return errors.As(err, &e) && e.RetryAfter == 7*time.Second
		}},
		"an error has several lines":     {opens + `printf '%s\n' '{"id":2,"error":{"code":"forbidden","message":"a\n\tb"}}'`, "a b", api.IsForbidden},
		"an error contains a credential": {opens + `echo '{"id":2,"error":{"code":"forbidden","message":"` + token + ` is refused"}}'`, "*** is refused", api.IsForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := start(t, c.script)
			if err == nil {
				_, err = p.Stat(t.Context(), "a.tar.gz")
			}
			if err == nil || !c.is(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%T %v, not %q", err, err, c.want)
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, token) || strings.Contains(text, "\n") {
				t.Errorf("%q", text)
			}
		})
	}
}

func reports(code string, after int) string {
	return opens + fmt.Sprintf(`echo '{"id":2,"error":{"code":"%s","message":"the reason","retryAfter":%d}}'`, code, after)
}

func isTemporary(err error) bool {
	var e *share.TemporaryError
	return errors.As(err, &e)
}

func TestAListThatIsCutOffIsAnError(t *testing.T) {
	p, err := start(t, opens+`echo '{"id":2,"object":{"name":"a.tar.gz","size":5}}'
echo '{"id":2,"object":{"name":"b.tar.gz"}}'
echo '{"id":2,"object":{"name":".hidden","size":5}}'`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var last error
	for o, err := range p.List(t.Context()) {
		if last = err; err == nil {
			got = append(got, fmt.Sprint(o.Name, o.Size))
		}
	}
	if !slices.Equal(got, []string{"a.tar.gz5", "b.tar.gz-1"}) || !api.IsUnavailable(last) {
		t.Errorf("%q, %v", got, last)
	}
}

func TestACanceledRequestEndsThePlugIn(t *testing.T) {
	ended := filepath.Join(t.TempDir(), "ended")
	p, err := start(t, opens+"cat >/dev/null; touch "+ended)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := p.Stat(ctx, "a.tar.gz"); !errors.Is(err, context.Canceled) {
		t.Errorf("%T %v", err, err)
	}
	if _, err := os.Stat(ended); err != nil {
		t.Errorf("the plug-in did not read the end of its input: %v", err)
	}
}

// source is a content that fails after so many bytes, if fails is set.
func source(content string, fails error) share.Source {
	return share.Source{Size: int64(len(content)), Checksums: share.Checksums{SHA256: strings.Repeat("0", 64)}, Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
		if fails != nil {
			return io.NopCloser(io.MultiReader(strings.NewReader(content[offset:len(content)/2]), failing{fails})), nil
		}
		return io.NopCloser(strings.NewReader(content[offset:])), nil
	}}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type state string

func (s *state) Load(context.Context) (string, error)       { return string(*s), nil }
func (s *state) Save(_ context.Context, value string) error { *s = state(value); return nil }

func TestAShellScriptCanReceiveAnUpload(t *testing.T) {
	dir := t.TempDir()
	p, err := start(t, opens+`echo '{"id":2,"state":"session 1"}'
echo '{"id":2,"offset":3}'
while read -r frame; do
  case $frame in *end*) break;; esac
  n=${frame##*:}; n=${n%\}}
  dd bs=1 count=$n 2>/dev/null >>`+dir+`/content
  echo '{"id":2,"progress":4}'
done
echo "$request" >`+dir+`/request
echo '{"id":2,"result":{"name":"a.tar.gz","size":10}}'`)
	if err != nil {
		t.Fatal(err)
	}
	var s state = "earlier"
	var seen []int64
	o, err := p.Upload(t.Context(), "a.tar.gz", source("0123456789", nil), share.UploadOptions{State: &s, Overwrite: true, Progress: func(n int64) { seen = append(seen, n) }})
	if err != nil || o.Size != 10 || s != "" || !slices.Equal(seen, []int64{3, 4, 10}) {
		t.Errorf("%+v, %v, state %q, progress %v", o, err, s, seen)
	}
	content, _ := os.ReadFile(filepath.Join(dir, "content"))
	request, _ := os.ReadFile(filepath.Join(dir, "request"))
	want := `{"id":2,"method":"upload","name":"a.tar.gz","size":10,"checksums":{"sha256":"` + strings.Repeat("0", 64) + `"},"overwrite":true,"state":"earlier"}` + "\n"
	if string(content) != "3456789" || string(request) != want {
		t.Errorf("content %q, request %s", content, request)
	}
}

func TestAnUploadThatThePlugInRefusesInTheMiddleEnds(t *testing.T) {
	p, err := start(t, opens+`echo '{"id":2,"offset":0}'; read -r frame
echo '{"id":2,"error":{"code":"no_space","message":"the drive is full"}}'; sleep 5`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.Upload(t.Context(), "a.tar.gz", source(strings.Repeat("x", 8<<20), nil), share.UploadOptions{}); !api.IsUnavailable(err) || !strings.Contains(err.Error(), "the drive is full") {
		t.Errorf("%T %v", err, err)
	}
}

func TestAnErrorOfTheContentIsTheUploadsError(t *testing.T) {
	p, err := start(t, opens+`echo '{"id":2,"offset":0}'; cat >/dev/null; exit 1`)
	if err != nil {
		t.Fatal(err)
	}
	cause := &share.TemporaryError{Message: "the store was restarted"}
	if _, err = p.Upload(t.Context(), "a.tar.gz", source("0123456789", cause), share.UploadOptions{}); !errors.Is(err, cause) {
		t.Errorf("%T %v", err, err)
	}
}

func TestAnUploadThatIsReportedBeforeItsContentWasReadIsNone(t *testing.T) {
	p, err := start(t, opens+`echo '{"id":2,"offset":0}'; echo '{"id":2,"result":{"name":"a.tar.gz","size":8388608}}'; sleep 5`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.Upload(t.Context(), "a.tar.gz", source(strings.Repeat("x", 8<<20), nil), share.UploadOptions{}); !api.IsUnavailable(err) {
		t.Errorf("%T %v", err, err)
	}
}

type buffer struct{ bytes.Buffer }

func (b *buffer) WriteAt(p []byte, at int64) (int, error) {
	if int64(b.Len()) != at {
		return 0, fmt.Errorf("written at %d after %d bytes", at, b.Len())
	}
	return b.Write(p)
}

func TestADownloadIsWhatThePlugInSends(t *testing.T) {
	for name, c := range map[string]struct {
		script, want string
		fails        string
	}{
		"whole":                  {script: `echo '{"id":2,"offset":0,"size":5}'; printf '{"id":2,"data":2}\nab{"id":2,"data":3}\ncde{"id":2,"result":{"name":"a.tar.gz","size":5}}\n'`, want: "abcde"},
		"empty":                  {script: `echo '{"id":2,"offset":0,"size":0}'; echo '{"id":2,"result":{"name":"a.tar.gz","size":0}}'`},
		"fewer bytes than size":  {script: `echo '{"id":2,"offset":0}'; printf '{"id":2,"data":2}\nab{"id":2,"result":{"name":"a.tar.gz","size":5}}\n'`, fails: "it sent 2 bytes"},
		"cut in the middle":      {script: `echo '{"id":2,"offset":0}'; printf '{"id":2,"data":9}\nab'`, fails: "it ended during a request"},
		"too many bytes at once": {script: `echo '{"id":2,"offset":0}'; echo '{"id":2,"data":99999999999}'`, fails: "99999999999 bytes at once"},
		"no bytes":               {script: `echo '{"id":2,"offset":0}'; echo '{"id":2,"data":-1}'`, fails: "-1 bytes at once"},
		"before the offset":      {script: `echo '{"id":2,"data":1}'`, fails: "before an offset"},
		"from a later offset":    {script: `echo '{"id":2,"offset":3}'`, fails: "begins at 3"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := start(t, opens+c.script)
			if err != nil {
				t.Fatal(err)
			}
			var b buffer
			o, err := p.Download(t.Context(), "a.tar.gz", &b, share.DownloadOptions{})
			switch {
			case c.fails != "":
				if !api.IsUnavailable(err) || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("%T %v", err, err)
				}
			case err != nil || b.String() != c.want || o.Size != int64(len(c.want)):
				t.Errorf("%+v, %v, %q", o, err, &b)
			}
		})
	}
}
