package apiserver

import (
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// serve starts a server of TLS and opens a client with its certificate.
func serve(t *testing.T, answer http.HandlerFunc) (c *Client, account string) {
	t.Helper()
	server := httptest.NewTLSServer(answer)
	t.Cleanup(server.Close)
	account = t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, content := range map[string]string{"ca.crt": string(ca), "token": "first\n"} {
		if err := os.WriteFile(filepath.Join(account, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Open(server.URL, account)
	if err != nil {
		t.Fatal(err)
	}
	return c, account
}

func TestATokenThatWasRenewedIsUsed(t *testing.T) {
	t.Parallel()
	var seen []string
	c, account := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"metadata":{"name":"p"}}`)
	})
	for _, token := range []string{"first", "second"} {
		if err := os.WriteFile(filepath.Join(account, "token"), []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if pod, err := c.Pod(t.Context(), "n", "p"); err != nil || pod.Name != "p" {
			t.Fatal(pod, err)
		}
	}
	if got := strings.Join(seen, ","); got != "Bearer first,Bearer second" {
		t.Error(got)
	}
}

func TestTheMessageOfTheAPIServerIsReported(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"kind":"Status","message":"pods \"p\" is\nforbidden"}`)
	})
	_, err := c.Pod(t.Context(), "n", "p")
	if !Is(err, http.StatusForbidden) || err.Error() != `the API server returned 403: pods "p" is forbidden` {
		t.Error(err)
	}
	if _, err := c.Logs(t.Context(), "n", "p", LogOptions{}); !Is(err, http.StatusForbidden) {
		t.Error(err)
	}
}

func TestALogIsAskedForFromASecondOn(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL) })
	stream, err := c.Logs(t.Context(), "n", "p", LogOptions{Container: "task", Follow: true, Since: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	got, err := io.ReadAll(stream)
	if want := "/api/v1/namespaces/n/pods/p/log?container=task&follow=true&sinceTime=2026-01-02T03%3A04%3A05Z&timestamps=true"; string(got) != want || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// A Lease may exist already, be changed by others, or be removed; each answer
// of the server is one that only a race would give. An object of another owner
// is never written to.
func TestALeaseIsPutUnlessItHasAnotherOwner(t *testing.T) {
	t.Parallel()
	const ours, elses = `{"kubevast.io/kind":"progress"}`, `{"app":"operator"}`
	for name, c := range map[string]struct {
		version string
		there   string // its labels
		answers []int
		asks    string
		foreign bool
	}{
		"none is there":                            {"", "", []int{201}, "POST", false},
		"one of ours is there":                     {"", ours, []int{409, 200, 200}, "POST GET PUT", false},
		"ours":                                     {"7", ours, []int{200}, "PUT", false},
		"ours, changed since":                      {"7", ours, []int{409, 200, 200}, "PUT GET PUT", false},
		"ours, that was taken away":                {"7", "", []int{404, 201}, "PUT POST", false},
		"an operator's is there":                   {"", elses, []int{409, 200}, "POST GET", true},
		"one without labels is there":              {"", "{}", []int{409, 200}, "POST GET", true},
		"one of another kind of ours is there":     {"", `{"kubevast.io/kind":"task"}`, []int{409, 200}, "POST GET", true},
		"ours, replaced by an operator's since":    {"7", elses, []int{409, 200}, "PUT GET", true},
		"ours, taken away and an operator's since": {"7", elses, []int{404, 409, 200}, "PUT POST GET", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asks []string
			client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asks = append(asks, r.Method)
				w.WriteHeader(c.answers[len(asks)-1])
				fmt.Fprintf(w, `{"metadata":{"name":"l","resourceVersion":"%d","labels":%s}}`, 8+len(asks), cmp.Or(c.there, ours))
			})
			lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "l", Namespace: "n", ResourceVersion: c.version,
				Labels: map[string]string{kube.LabelKind: kube.KindProgress}}}
			err := client.PutLease(t.Context(), lease)
			if errors.Is(err, ErrForeign) != c.foreign || err != nil && !c.foreign {
				t.Fatal(err)
			}
			if got := strings.Join(asks, " "); got != c.asks || !c.foreign && lease.ResourceVersion != fmt.Sprint(8+len(asks)) {
				t.Errorf("%s, version %s", got, lease.ResourceVersion)
			}
		})
	}
}
