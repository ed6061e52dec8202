package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

type names map[string][]string

func (n names) LookupHost(_ context.Context, host string) ([]string, error) {
	if found, ok := n[host]; ok {
		return found, nil
	}
	return nil, errors.New("no such\nhost")
}

func TestDNSPrintsTheAddressesOrOneLineWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		names names
		want  agentspec.ProbeFinding
	}{
		"a name that resolves": {names{apiServer: {"10.96.0.1", "fd00::1"}},
			agentspec.ProbeFinding{OK: true, Seen: "kubernetes.default.svc is 10.96.0.1, fd00::1"}},
		"a name that does not": {names{}, agentspec.ProbeFinding{Seen: "no such host"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(&c.want, probeDNS(t.Context(), c.names)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheProbePrintsOneLineThatDoctorCanRead(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>`))
	}))
	t.Cleanup(refusing.Close)
	for name, c := range map[string]struct {
		endpoint string
		asked    bool
		says     string
	}{
		"without a store it is not asked":                          {},
		"credentials that are refused are reported, but not shown": {refusing.URL, true, "does not accept the credentials"},
		"an endpoint that is none is reported":                     {"vast-store:7070", true, "is no URL such as"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range map[string]string{
				kube.EnvStoreEndpoint: c.endpoint, kube.EnvStoreRegion: "", kube.EnvStoreBucket: "vast",
				kube.EnvStoreAccessKey: "the-access-key", kube.EnvStoreSecretKey: "the-secret-key",
			} {
				t.Setenv(variable, value)
			}
			var out, errOut bytes.Buffer
			if code := run(t.Context(), []string{"probe"}, &out, &errOut); code != 0 || errOut.Len() > 0 {
				t.Errorf("exit code %d, stderr %q", code, &errOut)
			}
			if strings.Count(out.String(), "\n") != 1 || strings.Contains(out.String(), "the-") {
				t.Errorf("not one line, or credentials in it: %q", &out)
			}
			var found agentspec.ProbeResult
			if err := json.Unmarshal(out.Bytes(), &found); err != nil || found.DNS == nil {
				t.Fatalf("%v: %q", err, &out)
			}
			if (found.Store != nil) != c.asked || c.asked && (found.Store.OK || !strings.Contains(found.Store.Seen, c.says)) {
				t.Errorf("store: %+v", found.Store)
			}
		})
	}
}

func TestAWrongCallPrintsTheRightOne(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"prob"}, {"probe", "more"}, {"upload"}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, &out, &errOut); code != 2 || !strings.Contains(errOut.String(), "usage: agent drive RUN | fetch | install DIR | keep | probe | run SECONDS COMMAND... | share DIR | stop | submit SCHEDULE | upload DIR") {
			t.Errorf("%q: exit code %d, stderr %q", args, code, &errOut)
		}
	}
}
