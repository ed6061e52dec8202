//go:build unix

package files

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestURLsAreReadAsKubectlReadsThem(t *testing.T) {
	for name, tc := range map[string]struct {
		// answers are the status codes, one for each time that it is asked; 200
		// comes with a body.
		answers []int
		path    string
		want    string
		says    string
		away    bool
		asked   int
	}{
		"at once":                              {[]int{200}, "/t.yaml", "run: x\n", "", false, 1},
		"after a server that has failed":       {[]int{503, 500, 200}, "/t.yaml", "run: x\n", "", false, 3},
		"after being sent elsewhere":           {[]int{302, 200}, "/t.yaml", "run: x\n", "", false, 2},
		"three times at most":                  {[]int{503, 503, 503, 200}, "/t.yaml", "", `unable to read URL "URL/t.yaml", server reported Service Unavailable, status code=503`, true, 3},
		"once where there is nothing":          {[]int{404, 200}, "/t.yaml", "", `unable to read URL "URL/t.yaml", server reported Not Found, status code=404`, false, 1},
		"without the signature of the URL":     {[]int{403}, "/t.yaml?token=secret", "", `unable to read URL "URL/t.yaml", server reported Forbidden, status code=403`, false, 1},
		"not without end":                      {[]int{200}, "/large", strings.Repeat("x", limit+4), "", false, 1},
		"without the mark of Windows' editors": {[]int{200}, "/mark", "run: x\n", "", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				code := tc.answers[asked]
				asked++
				if code == http.StatusFound {
					w.Header().Set("Location", "/elsewhere")
				}
				w.WriteHeader(code)
				switch {
				case code != http.StatusOK:
				case r.URL.Path == "/large":
					fmt.Fprint(w, strings.Repeat("x", 100*limit))
				case r.URL.Path == "/mark":
					fmt.Fprint(w, byteOrderMark+"run: x\n")
				default:
					fmt.Fprint(w, "run: x\n")
				}
			}))
			defer server.Close()
			data, err := (&Reader{pause: new(time.Duration)}).Read(t.Context(), server.URL+tc.path, limit)
			if diff := cmp.Diff(tc.want, string(data)); diff != "" {
				t.Errorf("content (-want,+got):\n%s", diff)
			}
			var invalid *api.InvalidSpecError
			var away *api.UnavailableError
			switch {
			case tc.says == "" && err != nil:
				t.Error(err)
			case tc.says != "":
				if diff := cmp.Diff(tc.says, strings.ReplaceAll(fmt.Sprint(err), server.URL, "URL")); diff != "" {
					t.Errorf("(-want,+got):\n%s", diff)
				}
				if errors.As(err, &away) != tc.away || errors.As(err, &invalid) == tc.away {
					t.Errorf("it is a %T", err)
				}
			}
			if asked != tc.asked {
				t.Errorf("the server was asked %d times, not %d", asked, tc.asked)
			}
		})
	}
}

func TestWhatCannotBeReachedIsSaidWithoutCredentials(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := strings.Replace(server.URL, "http://", "http://ann:secret@", 1)
	server.Close()
	_, err := (&Reader{pause: new(time.Duration)}).Read(t.Context(), address+"/t.yaml?key=secret", limit)
	var away *api.UnavailableError
	if !errors.As(err, &away) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "unable to read URL") {
		t.Errorf("%T: %v", err, err)
	}
	for _, wrong := range []string{"http://[", "https://a b/", "http://%zz/secret?x=secret"} {
		var invalid *api.InvalidSpecError
		if _, err := (&Reader{}).Read(t.Context(), wrong, limit); !errors.As(err, &invalid) || strings.Contains(err.Error(), "x=secret") {
			t.Errorf("%q: %T: %v", wrong, err, err)
		}
	}
}

func TestReadingAURLEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush() // the answer has begun, and does not end
		cancel(stop)
		<-done
	}))
	defer server.Close()
	defer close(done)
	if _, err := (&Reader{}).Read(ctx, server.URL, limit); !errors.Is(err, stop) {
		t.Error(err)
	}
}
