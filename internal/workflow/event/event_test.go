package event

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// The example of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
func TestASignatureIsThatOfTheSpecification(t *testing.T) {
	got := Sign([]byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("the signature is %s, want %s", got, want)
	}
}

func numbered(run string, from, to int64) []*api.WorkflowEvent {
	var out []*api.WorkflowEvent
	for n := from; n <= to; n++ {
		out = append(out, Of(&record.Run{ID: run, Namespace: "lab"}, &record.Spec{}, workflow.Event{Sequence: n, Type: workflow.RunChanged, Time: 1_800_000_000 + n}))
	}
	return out
}

func TestStoredEventsAreReadFromASequenceNumberOn(t *testing.T) {
	s, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if last, err := Last(t.Context(), s, "abcdefgh"); last != 0 || err != nil {
		t.Errorf("the last event of none is %d, %v", last, err)
	}
	for _, part := range [][2]int64{{1, 3}, {4, 4}, {5, 12}} {
		if err := Put(t.Context(), s, "abcdefgh", numbered("abcdefgh", part[0], part[1])); err != nil {
			t.Fatal(err)
		}
	}
	if last, err := Last(t.Context(), s, "abcdefgh"); last != 12 || err != nil {
		t.Errorf("the last event is %d, %v", last, err)
	}
	for after := range int64(13) {
		var got []*api.WorkflowEvent
		for e, err := range Stored(t.Context(), s, "abcdefgh", after) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if diff := cmp.Diff(numbered("abcdefgh", after+1, 12), got); diff != "" {
			t.Errorf("the events after %d:\n%s", after, diff)
		}
	}
	if _, err := s.Put(t.Context(), layout.EventsKey("abcdefgh", 13), strings.NewReader("{\n"), 2, store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Last(t.Context(), s, "abcdefgh"); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("a damaged part: %v", err)
	}
}

func TestAnErrorOfAWebhookHasNothingOfItsAddress(t *testing.T) {
	code := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	}))
	hook := &Webhook{URL: server.URL + "/hidden?token=hidden"}
	e := numbered("abcdefgh", 1, 1)[0]
	for c, refused := range map[int]bool{200: false, 204: false, 302: false, 400: true, 404: true, 410: true, 408: false, 429: false, 500: false} {
		code = c
		err := hook.Send(t.Context(), e)
		is := (*RefusedError)(nil)
		if (err == nil) != (c/100 == 2) || errors.As(err, &is) != refused || err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("code %d: %v", c, err)
		}
	}
	hook.Secret = func(context.Context) ([]byte, error) { return nil, nil }
	if err := hook.Send(t.Context(), e); err == nil {
		t.Error("an event was sent without a signature")
	}
	server.Close()
	hook.Secret = nil
	if err := hook.Send(t.Context(), e); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("a server that is gone: %v", err)
	}
}
