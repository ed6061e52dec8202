package gcs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/share/gcs"
	"github.com/kubevast/vast/internal/share/google/googletest"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
)

func TestSuite(t *testing.T) {
	const stall = time.Second
	s := googletest.NewStorage(t, "lab")
	sharetest.Run(t, sharetest.Options{
		Address: s.Address(), HTTP: true, Stall: stall, Secrets: s.Secrets(),
		Open: func(t testing.TB, address string) share.ShareProvider {
			p, err := gcs.Definition().Open(t.Context(), share.Settings{
				"VAST_SHARE_BUCKET": "lab", "VAST_SHARE_PREFIX": "results", "VAST_SHARE_KEY_FILE": s.KeyFile(t),
				"VAST_SHARE_URL": "http://" + address, "VAST_SHARE_TIMEOUT": stall.String(),
			})
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		// What is in a folder was stored by the suite.
		Files: func(testing.TB) []string {
			return slices.DeleteFunc(s.Names("lab"), func(name string) bool { return strings.Count(name, "/") > 1 })
		},
		MakeFolder: func(t testing.TB, name string) { s.Put(t, "lab", "results/"+name+"/inside.txt", []byte("x")) },
	})
}
