package access

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// away is what the API server answers while a webhook is away that must agree.
const away = `{"kind":"Status","apiVersion":"v1","status":"Failure","code":500,"reason":"InternalError","message":"Internal error occurred: failed calling webhook \"mjob.kb.io\":\n no endpoints available for service \"kueue-webhook-service\""}`

func request(t *testing.T, method, path string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://cluster"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// step is an answer at a time: how long until the next try ("" is never), and
// the warning.
type step struct {
	at     time.Duration
	status int
	again  string
	said   string
}

func TestWhatCannotBeChangedIsTriedAgainForAWhileAndSaidSo(t *testing.T) {
	const jobs = "/apis/batch/v1/namespaces/lab/jobs"
	notice := "the cluster at https://cluster cannot create jobs.batch at the moment: Internal error occurred: failed calling webhook \"mjob.kb.io\": no endpoints available for service \"kueue-webhook-service\"; it is tried again for another 27s"
	for name, tt := range map[string]struct {
		method, path string
		steps        []step
	}{
		"a webhook that is away": {http.MethodPost, jobs, []step{
			{0, 500, "1", ""}, {1 * time.Second, 500, "1", ""}, {2 * time.Second, 500, "1", ""}, {3 * time.Second, 500, "4", notice},
			{7 * time.Second, 500, "4", ""}, {27 * time.Second, 500, "4", ""}, {31 * time.Second, 500, "", ""}}},
		"one that is available again in time": {http.MethodPost, jobs, []step{
			{0, 500, "1", ""}, {2 * time.Second, 201, "", ""}, {5 * time.Second, 500, "1", ""}, {8 * time.Second, 500, "4", notice}}},
		"one that was away long ago": {http.MethodPost, jobs, []step{{0, 500, "1", ""}, {31 * time.Second, 500, "", ""}, {10 * time.Minute, 500, "1", ""}}},
		"what is only read":          {http.MethodGet, jobs, []step{{0, 500, "1", ""}, {time.Minute, 500, "1", ""}}},
		"a tunnel into a pod":        {http.MethodPost, "/api/v1/namespaces/lab/pods/p/portforward", []step{{0, 500, "1", ""}, {time.Minute, 500, "1", ""}}},
		"what is refused is final":   {http.MethodPost, jobs, []step{{0, 403, "", ""}, {10 * time.Second, 500, "1", ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			now, said := time.Unix(1e9, 0), ""
			status := 0
			rt := retryHint{writes: &outages{server: "https://cluster", warn: func(s string) { said += s },
				now: func() time.Time { return now }},
				next: roundTrip(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(away))}, nil
				})}
			var got []step
			for _, s := range tt.steps {
				now, said, status = time.Unix(1e9, 0).Add(s.at), "", s.status
				resp, err := rt.RoundTrip(request(t, tt.method, tt.path))
				if err != nil {
					t.Fatal(err)
				}
				if body, err := io.ReadAll(resp.Body); err != nil || string(body) != away {
					t.Errorf("the answer is not whole any more: %q, %v", body, err)
				}
				got = append(got, step{s.at, s.status, resp.Header.Get("Retry-After"), said})
			}
			if diff := cmp.Diff(tt.steps, got, cmp.AllowUnexported(step{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestARequestNamesWhatItChanges(t *testing.T) {
	for name, tt := range map[string]struct {
		method, path string
		want         change
	}{
		"a Job":                {http.MethodPost, "/apis/batch/v1/namespaces/lab/jobs", change{"create", "jobs.batch"}},
		"a Workload":           {http.MethodPatch, "/apis/kueue.x-k8s.io/v1beta2/namespaces/lab/workloads/w", change{"patch", "workloads.kueue.x-k8s.io"}},
		"a Secret":             {http.MethodDelete, "/api/v1/namespaces/lab/secrets/s", change{"delete", "secrets"}},
		"a namespace":          {http.MethodPost, "/api/v1/namespaces", change{"create", "namespaces"}},
		"behind a proxy":       {http.MethodPut, "/k8s/clusters/c-1/apis/apps/v1/namespaces/lab/deployments/d/status", change{"update", "deployments.apps"}},
		"of the cluster":       {http.MethodPatch, "/apis/kueue.x-k8s.io/v1beta2/clusterqueues/q", change{"patch", "clusterqueues.kueue.x-k8s.io"}},
		"a look":               {http.MethodGet, "/api/v1/namespaces/lab/secrets/s", change{}},
		"a command in a pod":   {http.MethodPost, "/api/v1/namespaces/lab/pods/p/exec", change{}},
		"nothing of the API's": {http.MethodPost, "/version", change{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := changes(request(t, tt.method, tt.path))
			if got != tt.want || ok != (tt.want != change{}) {
				t.Errorf("%+v, %t", got, ok)
			}
		})
	}
}

// The tries are client-go's own, and so is the end by ctx.
func TestCtrlCEndsTheTriesAtOnce(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, away)
		interrupt()
	}))
	defer server.Close()
	conn, err := Connect(&rest.Config{Host: server.URL}, Options{Namespace: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Kube.BatchV1().Jobs("lab").Create(ctx, &batchv1.Job{}, metav1.CreateOptions{})
	if !errors.Is(err, context.Canceled) || asked.Load() != 1 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}
