package gdrive_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/share/gdrive"
	"github.com/kubevast/vast/internal/share/google/googletest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	mib  = 1 << 20
	name = "campaign.tar.gz"
)

func open(t *testing.T, d *googletest.Drive, folder string) share.ShareProvider {
	t.Helper()
	p, err := gdrive.Definition().Open(t.Context(), share.Settings{"VAST_SHARE_URL": folder, "VAST_SHARE_KEY_FILE": d.KeyFile(t), "VAST_SHARE_ENDPOINT": d.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// lab returns a double, and a provider of its folder in a Shared Drive.
func lab(t *testing.T) (*googletest.Drive, share.ShareProvider) {
	t.Helper()
	d := googletest.NewDrive(t)
	return d, open(t, d, "https://drive.google.com/drive/folders/"+d.Folder+"?usp=sharing")
}

func upload(t *testing.T, p share.ShareProvider, data []byte, o share.UploadOptions) share.Object {
	t.Helper()
	object, err := p.Upload(t.Context(), name, googletest.Source(data), o)
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, p, data)
	return object
}

// checkStored checks that the share has the content and nothing else.
func checkStored(t *testing.T, p share.ShareProvider, data []byte) {
	t.Helper()
	if names := list(t, p); !slices.Equal(names, []string{name}) {
		t.Fatalf("the share has %q", names)
	}
	if got := download(t, p, share.DownloadOptions{}, nil); !bytes.Equal(got, data) {
		t.Fatalf("the share has other %d bytes instead of %d", len(got), len(data))
	}
}

func list(t *testing.T, p share.ShareProvider) (names []string) {
	t.Helper()
	for o, err := range p.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, o.Name)
	}
	return names
}

func download(t *testing.T, p share.ShareProvider, o share.DownloadOptions, part []byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(path, part, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	object, err := p.Download(t.Context(), name, f, o)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, object.Size)
	if _, err := f.ReadAt(data, 0); err != nil && object.Size > 0 {
		t.Fatal(err)
	}
	return data
}

func TestAnUploadIsStoredWithItsChecksums(t *testing.T) {
	d, p := lab(t)
	for _, size := range []int{0, 1, 256 << 10, 3*mib + 17} {
		data := googletest.Bytes(size, uint8(size%251))
		object := upload(t, p, data, share.UploadOptions{Overwrite: true, State: &googletest.State{}})
		want := googletest.Source(data).Checksums
		if object.Size != int64(size) || object.Checksums.SHA256 != want.SHA256 || object.Checksums.MD5 != want.MD5 {
			t.Errorf("%d bytes: got %+v, want %+v", size, object, want)
		}
	}
	if got := d.Files(d.Folder); !slices.Equal(got, []string{name}) || d.Sessions() != 0 {
		t.Errorf("the folder has %q, %d sessions are left", got, d.Sessions())
	}
}

func TestACutUploadContinuesInAnotherProcess(t *testing.T) {
	for title, overwrite := range map[string]bool{"a new file": false, "a new content": true} {
		t.Run(title, func(t *testing.T) {
			d, p := lab(t)
			data, kept := googletest.Bytes(5*mib+3, 1), &googletest.State{}
			old := googletest.Bytes(100, 2)
			if overwrite {
				upload(t, p, old, share.UploadOptions{})
			}
			before := len(d.Requests())
			d.CutUpload(3*mib + 100)
			if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept, Overwrite: overwrite}); !googletest.IsTemporary(err) {
				t.Fatalf("a cut upload: %v", err)
			}
			if overwrite {
				checkStored(t, p, old)
			} else if _, err := p.Stat(t.Context(), name); !api.IsNotFound(err) {
				t.Fatalf("a part of it is visible: %v", err)
			}
			upload(t, open(t, d, d.Folder), data, share.UploadOptions{State: kept, Overwrite: overwrite})
			var got []string
			for _, r := range d.Requests()[before:] {
				if strings.HasPrefix(r, "PUT ") {
					got = append(got, r[strings.Index(r, "bytes"):])
				}
			}
			want := []string{"bytes 0-5242882/5242883", "bytes */5242883", "bytes 3145728-5242882/5242883"}
			if !slices.Equal(got, want) || kept.Text != "" || d.Sessions() != 0 {
				t.Errorf("requests %q instead of %q; state %q, %d sessions left", got, want, kept.Text, d.Sessions())
			}
		})
	}
}

func TestAnUploadWhoseAnswerIsLostIsNotSentAgain(t *testing.T) {
	for title, sessionsEnd := range map[string]bool{"the session remembers it": false, "the session is gone too": true} {
		t.Run(title, func(t *testing.T) {
			d, p := lab(t)
			data, kept := googletest.Bytes(mib, 3), &googletest.State{}
			d.LoseAnswer()
			if _, err := p.Upload(t.Context(), name, googletest.Source(data), share.UploadOptions{State: kept}); !googletest.IsTemporary(err) {
				t.Fatalf("a cut upload: %v", err)
			}
			if sessionsEnd {
				d.EndSessions()
			}
			upload(t, p, data, share.UploadOptions{State: kept})
			if d.Received() != mib || kept.Text != "" {
				t.Errorf("%d bytes were sent; state %q", d.Received(), kept.Text)
			}
		})
	}
}

func TestWhatIsThereIsNotReplacedAndNothingIsSent(t *testing.T) {
	d, p := lab(t)
	old := googletest.Bytes(1000, 4)
	upload(t, p, old, share.UploadOptions{})
	before := d.Received()
	_, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 5)), share.UploadOptions{State: &googletest.State{}})
	if !api.IsConflict(err) || d.Received() != before || d.Sessions() != 0 {
		t.Errorf("got %v; %d bytes were sent, %d sessions are left", err, d.Received()-before, d.Sessions())
	}
	checkStored(t, p, old)
}

func TestANewContentKeepsTheFile(t *testing.T) {
	d, p := lab(t)
	id := d.Put(t, d.Folder, name, googletest.Bytes(100, 6))
	upload(t, p, googletest.Bytes(2*mib, 7), share.UploadOptions{Overwrite: true})
	updated := slices.ContainsFunc(d.Requests(), func(r string) bool { return strings.HasPrefix(r, "PATCH /upload/drive/v3/files/"+id) })
	if !updated || len(d.Files(d.Folder)) != 1 {
		t.Errorf("the file was not updated by its id: %q", d.Requests())
	}
}

func TestSeveralFilesOfANameAreReported(t *testing.T) {
	d, p := lab(t)
	first, second := d.Put(t, d.Folder, name, []byte("1")), d.Put(t, d.Folder, name, []byte("2"))
	_, stat := p.Stat(t.Context(), name)
	_, downloaded := p.Download(t.Context(), name, nil, share.DownloadOptions{})
	_, uploaded := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 8)), share.UploadOptions{Overwrite: true})
	for _, err := range []error{stat, downloaded, uploaded, p.Remove(t.Context(), name)} {
		if !api.IsConflict(err) || !strings.Contains(err.Error(), first) || !strings.Contains(err.Error(), second) {
			t.Errorf("got %v", err)
		}
	}
	if got := d.Files(d.Folder); len(got) != 2 || d.Received() != 0 {
		t.Errorf("the folder has %q; %d bytes were sent", got, d.Received())
	}
}

func TestAFileOfTheNameThatAnotherUploadCreatesMeanwhileIsKept(t *testing.T) {
	d, p := lab(t)
	other := googletest.Bytes(100, 9)
	d.SetHook(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			d.Put(t, d.Folder, name, other)
		}
		return false
	})
	_, err := p.Upload(t.Context(), name, googletest.Source(googletest.Bytes(mib, 10)), share.UploadOptions{State: &googletest.State{}})
	if !api.IsConflict(err) {
		t.Errorf("got %v", err)
	}
	d.SetHook(nil)
	checkStored(t, p, other)
}

func TestOtherFilesFoldersAndTheTrashAreNotTouched(t *testing.T) {
	d, p := lab(t)
	d.Put(t, d.Folder, strings.ToUpper(name), []byte("another name"))
	d.Put(t, d.MyFolder, name, []byte("another folder"))
	d.PutFolder(d.Folder, "folder.tar", "")
	d.PutFolder(d.Folder, "document.tar", "application/vnd.google-apps.document")
	d.Put(t, d.Folder, name, []byte("removed"))
	if err := p.Remove(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Stat(t.Context(), name); !api.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	if err := p.Remove(t.Context(), name); !api.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	for _, other := range []string{"folder.tar", "document.tar"} {
		_, stat := p.Stat(t.Context(), other)
		_, uploaded := p.Upload(t.Context(), other, googletest.Source([]byte("x")), share.UploadOptions{Overwrite: true})
		for _, err := range []error{stat, uploaded, p.Remove(t.Context(), other)} {
			if !api.IsConflict(err) {
				t.Errorf("%s: got %v", other, err)
			}
		}
	}
	if got := list(t, p); !slices.Equal(got, []string{strings.ToUpper(name)}) {
		t.Errorf("the list has %q", got)
	}
}

func TestAListingHasMoreThanAPage(t *testing.T) {
	d, p := lab(t)
	d.PageSize = 100 // the service may return fewer than were asked for
	for i := range 1234 {
		d.Put(t, d.Folder, fmt.Sprintf("%04d.tar", i), nil)
	}
	names := list(t, p)
	slices.Sort(names)
	if names = slices.Compact(names); len(names) != 1234 {
		t.Errorf("%d names", len(names))
	}
	if _, err := p.Stat(t.Context(), "1233.tar"); err != nil {
		t.Error(err)
	}
}

func TestAFolderIsEnoughOfASharedDrive(t *testing.T) {
	d, p := lab(t)
	d.FolderOnly, d.PageSize = true, 2
	for i := range 5 {
		d.Put(t, d.Folder, fmt.Sprintf("%d.tar", i), nil)
	}
	if got := list(t, p); len(got) != 5 {
		t.Errorf("the list has %q", got)
	}
}

func TestTheResourceKeyOfALinkIsSent(t *testing.T) {
	d, _ := lab(t)
	keys := map[string]bool{}
	d.SetHook(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/token" {
			keys[r.Header.Get("X-Goog-Drive-Resource-Keys")] = true
		}
		return false
	})
	list(t, open(t, d, "https://drive.google.com/drive/folders/"+d.Folder+"?resourcekey=0-abc"))
	if len(keys) != 1 || !keys[d.Folder+"/0-abc"] {
		t.Errorf("the headers are %v", keys)
	}
}

func TestADownloadContinuesAndIsNeverMixed(t *testing.T) {
	d, p := lab(t)
	data := googletest.Bytes(3*mib+5, 17)
	d.Put(t, d.Folder, name, data)
	object, err := p.Stat(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if got := download(t, p, share.DownloadOptions{Offset: mib, Validator: object.Validator}, data[:mib]); !bytes.Equal(got, data) {
		t.Errorf("continued: %d other bytes", len(got))
	}
	if !slices.ContainsFunc(d.Requests(), func(r string) bool { return strings.HasSuffix(r, " bytes=1048576-") }) {
		t.Errorf("it has not continued: %q", d.Requests())
	}
	if got := download(t, p, share.DownloadOptions{Offset: mib, Validator: "another"}, googletest.Bytes(mib, 18)); !bytes.Equal(got, data) {
		t.Errorf("started again: %d other bytes", len(got))
	}
	next := googletest.Source(googletest.Bytes(3*mib+5, 19))
	d.SetHook(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("alt") == "media" {
			d.SetHook(nil)
			if _, err := p.Upload(t.Context(), name, next, share.UploadOptions{Overwrite: true}); err != nil {
				t.Error(err)
			}
		}
		return false
	})
	f, err := os.Create(filepath.Join(t.TempDir(), "part"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := p.Download(t.Context(), name, f, share.DownloadOptions{}); !googletest.IsTemporary(err) {
		t.Errorf("replaced meanwhile: %v", err)
	}
}

func TestAddressesOfFolders(t *testing.T) {
	check := gdrive.Definition().Settings[0].Check
	for value, want := range map[string]string{
		"1AbCdEfGhIjKlMnOpQrStUvWxYz":                                              "",
		"https://drive.google.com/drive/folders/1AbCdEfGhIjKlMnOp":                 "",
		"https://drive.google.com/drive/u/1/folders/1AbCdEfGhIjKlMnOp?usp=sharing": "",
		"https://drive.google.com/folders/0AbCdEfGhIjKlMnOp?resourcekey=0-abc":     "",
		"https://drive.google.com/open?id=1AbCdEfGhIjKlMnOp":                       "",
		"https://drive.google.com/file/d/1AbCdEfGhIjKlMnOp/view":                   "something else",
		"https://drive.google.com/drive/my-drive":                                  "something else",
		"https://docs.google.com/document/d/1AbCdEfGhIjKlMnOp/edit":                "must be the address of a folder",
		"https://nextcloud.example/s/abc":                                          "must be the address of a folder",
		"short":                                                                    "must be the address of a folder",
		"":                                                                         "must be the address of a folder",
	} {
		if err := check(value); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", value, err)
		}
	}
}
