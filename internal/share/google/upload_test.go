package google_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/share/google"
	"github.com/kubevast/vast/internal/share/google/googletest"
	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const mib = 1 << 20

// object is a google.Destination: the object "x" of the bucket "lab", which does not exist.
type object struct{}

func (object) Find(context.Context) (google.Present, error) {
	return google.Present{Version: "0"}, nil
}

func (object) Start(_ context.Context, p google.Present, _ string) (google.Request, error) {
	return google.Request{Method: http.MethodPost, Path: "/upload/storage/v1/b/lab/o",
		Query: url.Values{"uploadType": {"resumable"}, "name": {"x"}, "ifGenerationMatch": {p.Version}}, Body: map[string]string{}}, nil
}

func (object) Finish(_ context.Context, stored json.RawMessage) (o share.Object, err error) {
	var size struct {
		Size int64 `json:"size,string"`
	}
	err = json.Unmarshal(stored, &size)
	return share.Object{Name: "x", Size: size.Size}, err
}

func open(t *testing.T, endpoint, key string) *google.Client {
	t.Helper()
	c, err := google.New(google.Options{Endpoint: endpoint, Key: key, Scopes: []string{"scope"}, Transport: transport.Options{Timeout: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestALongContentIsSentInSeveralRequests(t *testing.T) {
	defer google.SetMaxSend(mib)()
	s := googletest.NewStorage(t, "lab")
	s.SetLag(256 << 10)
	var progress []int64
	source := googletest.Source(googletest.Bytes(2*mib+mib/2, 1))
	o, err := open(t, s.URL, s.KeyFile(t)).Upload(t.Context(), "x", source, share.UploadOptions{Progress: func(n int64) { progress = append(progress, n) }}, object{})
	if err != nil || o.Size != source.Size || progress[len(progress)-1] != source.Size {
		t.Errorf("got %+v, %v; progress %v", o, err, progress)
	}
	want := []string{"bytes 0-1048575/2621440", "bytes 786432-1835007/2621440", "bytes 1572864-2621439/2621440"}
	var got []string
	for _, r := range s.Requests() {
		if span, ok := strings.CutPrefix(r, "PUT /upload/storage/v1/b/lab/o "); ok {
			got = append(got, span)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("requests %q instead of %q", got, want)
	}
}

func TestAServiceThatKeepsNothingIsATemporaryError(t *testing.T) {
	defer google.SetMaxSend(mib)()
	s := googletest.NewStorage(t, "lab")
	s.SetLag(mib)
	_, err := open(t, s.URL, s.KeyFile(t)).Upload(t.Context(), "x", googletest.Source(googletest.Bytes(2*mib, 2)), share.UploadOptions{}, object{})
	if !googletest.IsTemporary(err) || !strings.Contains(err.Error(), "keeps 0 of 2097152 bytes") {
		t.Errorf("got %v", err)
	}
	if s.Sessions() != 0 {
		t.Error("the session, which nothing can continue, is not canceled")
	}
}

func TestASessionOfAnotherHostGetsNoToken(t *testing.T) {
	s := googletest.NewStorage(t, "lab")
	var tokens, requests int
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.Header.Get("Authorization") != "" {
			tokens++
		}
		_, _ = fmt.Fprint(w, `{"size":"3"}`)
	}))
	defer other.Close()
	s.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path == "/token" {
			return false
		}
		w.Header().Set("Location", other.URL+"/session?upload_id=1")
		return true
	})
	o, err := open(t, s.URL, s.KeyFile(t)).Upload(t.Context(), "x", googletest.Source([]byte("abc")), share.UploadOptions{}, object{})
	if err != nil || o.Size != 3 || requests != 1 || tokens != 0 {
		t.Errorf("got %+v, %v; %d requests, %d with a token", o, err, requests, tokens)
	}
}

func TestAStateThatIsNotOfTheContentStartsAgain(t *testing.T) {
	s := googletest.NewStorage(t, "lab")
	c, first := open(t, s.URL, s.KeyFile(t)), &googletest.State{}
	s.CutUpload(mib)
	if _, err := c.Upload(t.Context(), "x", googletest.Source(googletest.Bytes(2*mib, 3)), share.UploadOptions{State: first}, object{}); !googletest.IsTemporary(err) {
		t.Fatalf("a cut upload: %v", err)
	}
	other := googletest.Source(googletest.Bytes(2*mib, 4))
	for title, text := range map[string]string{
		"another content": first.Text,
		"no JSON":         "{",
		"no address":      fmt.Sprintf(`{"session":"http://[","upload":"u","version":"0","name":"x","size":%d,"sha256":%q}`, other.Size, other.Checksums.SHA256),
	} {
		t.Run(title, func(t *testing.T) {
			s := googletest.NewStorage(t, "lab")
			kept := &googletest.State{Text: text}
			o, err := open(t, s.URL, s.KeyFile(t)).Upload(t.Context(), "x", other, share.UploadOptions{State: kept}, object{})
			if err != nil || o.Size != other.Size || kept.Text != "" {
				t.Errorf("got %+v, %v, state %q", o, err, kept.Text)
			}
		})
	}
}

func TestASourceThatFailsIsNoErrorOfTheServer(t *testing.T) {
	s := googletest.NewStorage(t, "lab")
	short := googletest.Source(googletest.Bytes(mib, 5))
	short.Size++
	_, err := open(t, s.URL, s.KeyFile(t)).Upload(t.Context(), "x", short, share.UploadOptions{State: &googletest.State{}}, object{})
	if err == nil || googletest.IsTemporary(err) || !strings.Contains(err.Error(), "content") || s.Sessions() != 0 {
		t.Errorf("got %v; %d sessions are left", err, s.Sessions())
	}
}

func TestAPageInPlaceOfTheAPIIsReported(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<html><title>Sign in</title>")
	}))
	defer s.Close()
	var answer struct{}
	err := open(t, s.URL, "").JSON(t.Context(), google.Request{Method: http.MethodGet, Path: "/storage/v1/b/lab/o"}, &answer)
	if !api.IsInvalidSpec(err) {
		t.Errorf("got %v", err)
	}
}

func TestATokenIsFetchedOnceAndAnErrorHasItsClass(t *testing.T) {
	s := googletest.NewStorage(t, "lab")
	c := open(t, s.URL, s.KeyFile(t))
	list := func() error {
		return c.JSON(t.Context(), google.Request{Method: http.MethodGet, Path: "/storage/v1/b/lab/o"}, nil)
	}
	for range 3 {
		if err := list(); err != nil {
			t.Fatal(err)
		}
	}
	tokens := 0
	for _, r := range s.Requests() {
		if r == "POST /token" {
			tokens++
		}
	}
	if tokens != 1 {
		t.Errorf("%d tokens were fetched", tokens)
	}
	for code, check := range map[int]func(error) bool{http.StatusServiceUnavailable: googletest.IsTemporary, http.StatusBadRequest: api.IsForbidden} {
		s.RevokeTokens()
		s.SetHook(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				w.WriteHeader(code)
				_, _ = fmt.Fprint(w, `{"error":"invalid_grant","error_description":"Invalid grant: account not found"}`)
			}
			return r.URL.Path == "/token"
		})
		if err := list(); !check(err) || !strings.Contains(err.Error(), "account not found") {
			t.Errorf("%d: %v", code, err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := c.JSON(ended, google.Request{Method: http.MethodGet, Path: "/storage/v1/b/lab/o"}, nil); err == nil {
		t.Error("no error with an ended context")
	}
}
