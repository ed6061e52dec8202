package gdrive_test

import (
	"testing"
	"time"

	"github.com/kubevast/vast/internal/share/gdrive"
	"github.com/kubevast/vast/internal/share/google/googletest"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
)

func TestSuite(t *testing.T) {
	const stall = time.Second
	d := googletest.NewDrive(t)
	sharetest.Run(t, sharetest.Options{
		Address: d.Address(), HTTP: true, Stall: stall, Secrets: d.Secrets(),
		Open: func(t testing.TB, address string) share.ShareProvider {
			p, err := gdrive.Definition().Open(t.Context(), share.Settings{
				"VAST_SHARE_URL": d.Folder, "VAST_SHARE_KEY_FILE": d.KeyFile(t),
				"VAST_SHARE_ENDPOINT": "http://" + address, "VAST_SHARE_TIMEOUT": stall.String(),
			})
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		Files:      func(testing.TB) []string { return d.Files(d.Folder) },
		MakeFolder: func(_ testing.TB, name string) { d.PutFolder(d.Folder, name, "") },
	})
}
