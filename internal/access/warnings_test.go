package access

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/sdk/api"
)

func TestWarningsOfTheAPIServerGoToTheCaller(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Add("Warning", `299 - "would violate PodSecurity: `+r.URL.Path+`"`)
		w.Header().Add("Warning", `199 - "of a proxy"`)
		_, _ = w.Write([]byte(`{"kind":"PodList","apiVersion":"v1","items":[]}`))
	}))
	defer server.Close()
	for name, tc := range map[string]struct {
		ctx  func(context.Context) context.Context
		own  rest.WarningHandler
		want []string
	}{
		"each once": {ctx: func(ctx context.Context) context.Context { return ctx },
			want: []string{"would violate PodSecurity: /api/v1/namespaces/a/pods", "would violate PodSecurity: /api/v1/namespaces/b/pods"}},
		"none of what is only tried":                  {ctx: Quietly},
		"none where the program has a way of its own": {ctx: func(ctx context.Context) context.Context { return ctx }, own: rest.NoWarnings{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			conn, err := Connect(&rest.Config{Host: server.URL, WarningHandler: tc.own}, Options{Warn: func(n api.Notice) { got = append(got, n.Message) }})
			if err != nil {
				t.Fatal(err)
			}
			for _, ns := range []string{"a", "b", "a"} {
				if _, err := conn.Kube.CoreV1().Pods(ns).List(tc.ctx(t.Context()), metav1.ListOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestHasWarnReportsWhetherTheCallerReceivesWarnings(t *testing.T) {
	for name, tc := range map[string]struct {
		warn func(api.Notice)
		want bool
	}{
		"without a function": {nil, false},
		"with one":           {func(api.Notice) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := Connect(&rest.Config{Host: "https://cluster.example"}, Options{Warn: tc.warn})
			if err != nil {
				t.Fatal(err)
			}
			conn.Warn("it can always be called")
			if got := []bool{conn.HasWarn(), conn.In("lab").HasWarn()}; !cmp.Equal(got, []bool{tc.want, tc.want}) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
