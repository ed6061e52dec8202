package testenv

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestChoose(t *testing.T) {
	yes, no := func() bool { return true }, func() bool { return false }
	never := func() bool { t.Error("found out what nobody needed to know"); return false }
	tests := map[string]struct {
		facts facts
		want  Way
	}{
		"a kubeconfig goes first":            {facts{"/k", WaySource, never, never}, WayExisting},
		"what is asked for is not found out": {facts{"", WaySource, never, never}, WaySource},
		"stock image is there":               {facts{"", "", yes, never}, WayStock},
		"a registry answers":                 {facts{"", "", no, yes}, WayStock},
		"nothing can be pulled":              {facts{"", "", no, no}, WaySource},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, why := choose(test.facts); got != test.want || why == "" {
				t.Errorf("got %q because %q, want %q", got, why, test.want)
			}
		})
	}
}

func TestRegistryAnswers(t *testing.T) {
	const version = "Docker-Distribution-Api-Version"
	tests := map[string]struct {
		handler http.HandlerFunc
		want    bool
	}{
		"wants to know who asks": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(version, "registry/2.0")
			w.WriteHeader(http.StatusUnauthorized)
		}, true},
		"open to all": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(version, "registry/2.0") }, true},
		"a proxy that refuses": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
		}, false},
		"a portal": {func(http.ResponseWriter, *http.Request) {}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			if got := registryAnswers(t.Context(), server.Client(), server.URL); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		if registryAnswers(t.Context(), server.Client(), server.URL) {
			t.Error("a closed port was taken for a registry")
		}
	})
}
