package e2e_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

// uploadedDespite uploads the only campaign to a share behind a relay that cuts. The client
// is killed when the archive is being sent, and started again. Less than limit bytes must be
// sent in all. It returns what the status has of the archive.
func (p *person) uploadedDespite(cut *relay, shareType string, limit int64) api.ShareItem {
	p.Helper()
	first := p.start("kubectl-vast", nil, "share", "upload", "--keep-archive")
	p.catch("the archive is being sent", func() (bool, any) { return cut.total() > 1<<20, cut.total() })
	if err := first.command.Process.Kill(); err != nil {
		p.Fatal(err)
	}
	_ = first.command.Wait() // it was killed
	second := p.vast("share", "upload", "--keep-archive").exits(0)
	if !strings.Contains(second.stdout, "✓ Uploaded 1 campaign(s) to "+shareType+" successfully!") && !strings.Contains(second.stdout, "✓ 1 archive on "+shareType+" already") {
		p.Errorf("it prints %q\n%s", second.stdout, second.stderr)
	}
	if cut.cutsLeft() != 0 {
		p.Errorf("%d bytes were sent and %d cuts are left", cut.total(), cut.cutsLeft())
	}
	if sent := cut.total(); sent >= limit {
		p.Errorf("%d bytes were sent, want less than %d: the upload did not continue", sent, limit)
	}
	var found []api.ShareUpload
	for _, u := range p.uploads() {
		if u.ShareType == shareType {
			found = append(found, u)
		}
	}
	if len(found) != 1 || found[0].State != api.Succeeded || len(found[0].Archives) != 1 {
		p.Fatalf("the status is %+v", found)
	}
	p.Logf("%d bytes were sent of %d; %s after the start", cut.total(), found[0].Archives[0].Size, found[0].EndTime.Sub(found[0].StartTime.Time))
	return found[0].Archives[0]
}

// The connection to each server is cut twice and the client is killed: the archive arrives
// once and whole, and nothing else is left on the share.
func TestACampaignArrivesWholeAlthoughConnectionsAreCut(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	host := hostAddress(t)
	p.vast("cluster", "setup", "kind").exits(0)
	mib := sharedMiB(t, 32)
	size := mib << 20
	id := strings.TrimPrefix(strings.TrimSpace(p.vast("campaign", "run", p.file("shared.vast", sharedCampaign(mib)), "-o", "name").exits(0).stdout), "campaign.kubevast.io/")
	p.vast("monitor", id, "--wait", "--interval=1s").exits(0)

	for _, server := range []struct {
		shareType, verified string
		// start starts the server. Settings are those of the share at the relay's address.
		start func(t *testing.T, p *person) (address, dir string, settings func(address string) string)
	}{
		{"webdav", "size only", func(t *testing.T, _ *person) (string, string, func(string) string) {
			address, dir := apacheServer(t)
			return address, dir, func(at string) string {
				return "VAST_SHARE_TYPE=webdav\nVAST_SHARE_URL=http://" + at + "/dav/\nVAST_SHARE_USER=" + shareKey + "\nVAST_SHARE_PASSWORD=" + shareSecret + "\n"
			}
		}},
		{"sftp", "sha256", func(t *testing.T, p *person) (string, string, func(string) string) {
			s := sshServer(t, "127.0.0.1")
			p.file("key", s.key)
			return s.address, s.dir, func(at string) string { return s.settings(t, at, s.host) }
		}},
	} {
		t.Run(server.shareType, func(t *testing.T) {
			p := p.in(t)
			address, dir, settings := server.start(t, p)
			cut := newRelay(t, host, address, size/4, size)
			p.file(".env", settings(cut.address))
			// The second cut alone would double what is sent if all were sent again after it.
			item := p.uploadedDespite(cut, server.shareType, 2*size)
			if item.Verified != server.verified || item.Size < size {
				t.Errorf("the status is %+v", item)
			}
			if sum := sumOfFile(t, filepath.Join(dir, id+".tar.gz")); sum != item.SHA256 {
				t.Errorf("the share has %s, want %s", sum, item.SHA256)
			}
			var files []string
			if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
				if path != dir {
					files = append(files, path)
				}
				return err
			}); err != nil || len(files) != 1 {
				t.Errorf("the share has %q, %v", files, err)
			}
		})
	}
}
