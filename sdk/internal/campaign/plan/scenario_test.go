//go:build unix

package plan

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
)

func TestAScenarioIsReadFromAnOrdinaryFileOnly(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"good": "scenario here:\n", "none": "import osc\n", "large": strings.Repeat("#", spec.MaxCampaignBytes+1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("gone.osc", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"link":    `link is a link to "gone.osc", which does not exist; fix the link, or name another file`,
		"good":    "",
		"none":    `none declares no scenario; it needs a line "scenario NAME:"`,
		"large":   "large cannot be read: it is larger than 16384 KiB",
		"pipe":    "pipe cannot be read: it is no file",
		"folder":  "folder cannot be read: it is no file",
		"missing": "missing does not exist beside the campaign's file",
	} {
		t.Run(name, func(t *testing.T) {
			s := &spec.Campaign{Path: filepath.Join(dir, "c.vast")}
			s.Execution.ScenarioFile = name
			problems := CheckScenario(s)
			switch {
			case want == "" && problems == nil:
			case len(problems) != 1 || problems[0].Message != want:
				t.Errorf("problems %+v, want %q", problems, want)
			}
		})
	}
}

func TestACampaignFromAPipeIsKeptUnderANameOfItsOwn(t *testing.T) {
	for file, want := range map[string]string{
		"jobs/sweep.vast": "sweep.vast", "-": "campaign.vast", "/dev/fd/63": "campaign.vast", "/dev/stdin": "campaign.vast", "": "campaign.vast",
	} {
		if got := record.FileName(file); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}
