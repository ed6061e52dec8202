package cluster

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/store/storetest"
	"github.com/kubevast/vast/sdk/api"
)

func TestAStoreOfOnesOwnIsTriedBeforeAnythingIsMade(t *testing.T) {
	slashes := func(key string) string { return strings.ReplaceAll(key, `\`, "/") }
	for name, c := range map[string]struct {
		server    *storetest.Server
		away      bool
		refused   string // with InvalidSpec
		forbidden bool
		warns     string
	}{
		"one that keeps the rules is taken":                 {server: &storetest.Server{}},
		"one that loses results is refused":                 {server: &storetest.Server{Fold: slashes}, refused: "-s3.allowBackslashInKey"},
		"all at once":                                       {server: &storetest.Server{Fold: slashes, NoRange: true}, refused: "from the middle on"},
		"one that could do better is taken, with a warning": {server: &storetest.Server{NoHash: true}, warns: "not as its hash says"},
		"wrong rights are reported":                         {server: &storetest.Server{Forbidden: true}, forbidden: true},
		"one that is away is reported later":                {server: &storetest.Server{}, away: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(c.server)
			defer web.Close()
			if c.away {
				web.Close()
			}
			s := storeRecord{Kind: api.StoreExternal, Endpoint: web.URL, Region: "us-east-1", Bucket: "vast", Secret: "mine"}
			p := &plan{namespace: "lab", record: record{Store: s}, secrets: storeSecrets{
				writer: storeSecret("vast-store", "lab", s, credentials{access: []byte("me"), secret: []byte("sesame-open")}, nil)}}
			var notices []string
			r, ctx, cancel := newRun(t.Context(), func(n api.Notice) { notices = append(notices, n.Message) }, 0)
			defer cancel()
			// Without a cluster: nothing of it is asked or made.
			err := (&Client{conn: &access.Conn{Namespace: "lab"}}).tryOwnStore(ctx, r, p)
			switch {
			case c.refused != "":
				if !errors.As(err, new(*api.InvalidSpecError)) || !strings.Contains(err.Error(), c.refused) || !strings.Contains(err.Error(), "StoreEndpoint") {
					t.Errorf("%T %v", err, err)
				}
			case c.forbidden:
				if !errors.As(err, new(*api.ForbiddenError)) {
					t.Errorf("%T %v", err, err)
				}
			case err != nil:
				t.Errorf("%T %v", err, err)
			}
			before := fmt.Sprintf("trying the store at %s, bucket vast, with the Secret mine", web.URL)
			if len(notices) == 0 || notices[0] != before {
				t.Fatalf("notices %q, and not first the store", notices)
			}
			if got := strings.Join(notices[1:], "\n"); !strings.Contains(got, c.warns) || c.warns == "" && got != "" {
				t.Errorf("notices: %q", got)
			}
			if n := c.server.Objects(); n > 0 {
				t.Errorf("%d objects are left", n)
			}
		})
	}
}
