package googletest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// folderType is the type of a folder
// (https://developers.google.com/workspace/drive/api/guides/mime-types).
const folderType = "application/vnd.google-apps.folder"

// standardFields are those of an answer to a request without fields
// (https://developers.google.com/workspace/drive/api/guides/fields-parameter).
const (
	standardFields = "kind,id,name,mimeType,driveId,resourceKey"
	standardList   = "kind,incompleteSearch,nextPageToken,files(" + standardFields + ")"
)

// Drive is a double of the Drive API
// (https://developers.google.com/workspace/drive/api/reference/rest/v3/files), with a folder
// of a Shared Drive that the service account may write to, and a folder of My Drive that
// was shared with it.
type Drive struct {
	*Server
	// Folder is the id of the folder of the Shared Drive, and MyFolder that of My Drive.
	Folder, MyFolder string
	// FolderOnly: the folder is shared with the account, but not the whole Shared Drive.
	FolderOnly bool
	// PageSize is the most that a list has; 1000 if it is 0.
	PageSize int

	files map[string]*file
	// created is the number of files that were created.
	created int
}

type file struct {
	Kind       string            `json:"kind"`
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"mimeType"`
	Parents    []string          `json:"parents,omitempty"`
	DriveID    string            `json:"driveId,omitempty"`
	Trashed    bool              `json:"trashed"`
	Size       string            `json:"size,omitempty"`
	MD5        string            `json:"md5Checksum,omitempty"`
	SHA256     string            `json:"sha256Checksum,omitempty"`
	Revision   string            `json:"headRevisionId,omitempty"`
	Created    time.Time         `json:"createdTime"`
	Modified   time.Time         `json:"modifiedTime"`
	Properties map[string]string `json:"appProperties,omitempty"`
	Can        capabilities      `json:"capabilities"`

	content content
	number  int
}

type capabilities struct {
	AddChildren bool `json:"canAddChildren"`
}

// NewDrive starts a double.
func NewDrive(t testing.TB) *Drive {
	t.Helper()
	d := &Drive{Server: newServer(t), files: map[string]*file{}}
	shared := "0A" + rand.Text()[:17]
	d.Folder, d.MyFolder = newID(), newID()
	for _, f := range []*file{{ID: shared, Name: "Lab", DriveID: shared}, {ID: d.Folder, Name: "Results", DriveID: shared, Parents: []string{shared}}, {ID: d.MyFolder, Name: "Mine"}} {
		f.Kind, f.Type, f.Can.AddChildren = "drive#file", folderType, true
		d.files[f.ID] = f
	}
	d.mux.HandleFunc("GET /drive/v3/files", d.list)
	d.mux.HandleFunc("GET /drive/v3/files/{id}", d.get)
	d.mux.HandleFunc("PATCH /drive/v3/files/{id}", d.patch)
	d.mux.HandleFunc("DELETE /drive/v3/files/{id}", d.remove)
	d.mux.HandleFunc("POST /upload/drive/v3/files", d.create)
	d.mux.HandleFunc("PATCH /upload/drive/v3/files/{id}", d.update)
	for _, pattern := range []string{"PUT /upload/drive/v3/files", "DELETE /upload/drive/v3/files", "PUT /upload/drive/v3/files/{id}", "DELETE /upload/drive/v3/files/{id}"} {
		d.mux.HandleFunc(pattern, d.session)
	}
	return d
}

func newID() string { return "1" + rand.Text() + "_-" }

// Put stores a file, beside others of its name, and returns its id.
func (d *Drive) Put(t testing.TB, parent, name string, data []byte) string {
	t.Helper()
	c, err := d.store(data)
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &file{Name: name, Type: "application/octet-stream", Parents: []string{parent}}
	d.add(f)
	d.fill(f, c)
	return f.ID
}

// PutFolder makes a folder, or another item without content, such as a document.
func (d *Drive) PutFolder(parent, name, mimeType string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if mimeType == "" {
		mimeType = folderType
	}
	d.add(&file{Name: name, Type: mimeType, Parents: []string{parent}})
}

// Files returns the names of the files in a folder that are not in the trash, sorted.
func (d *Drive) Files(parent string) (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.files {
		if slices.Contains(f.Parents, parent) && !f.Trashed && f.Size != "" {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

func (d *Drive) add(f *file) {
	d.created++
	f.Kind, f.ID, f.number = "drive#file", newID(), d.created
	f.Created = time.Now().UTC()
	f.Modified, f.DriveID = f.Created, d.files[f.Parents[0]].DriveID
	d.files[f.ID] = f
}

func (d *Drive) fill(f *file, c content) {
	f.content, f.Size, f.MD5, f.SHA256, f.Revision = c, strconv.FormatInt(c.size, 10), c.md5Hex(), c.sha256Hex(), "0B"+rand.Text()
	f.Modified = time.Now().UTC()
}

// find returns the file of a request, or answers it. A program that does not support
// Shared Drives finds nothing in them. The lock is held.
func (d *Drive) find(w http.ResponseWriter, r *http.Request, id string) *file {
	f := d.files[id]
	if f == nil || f.DriveID != "" && r.URL.Query().Get("supportsAllDrives") != "true" {
		(&apiError{http.StatusNotFound, "notFound", fmt.Sprintf("File not found: %s.", id)}).write(w)
		return nil
	}
	return f
}

func (d *Drive) get(w http.ResponseWriter, r *http.Request) {
	if _, answered := d.signedIn(w, r, true); answered {
		return
	}
	d.mu.Lock()
	f := d.find(w, r, r.PathValue("id"))
	var now file
	if f != nil {
		now = *f
	}
	d.mu.Unlock()
	switch {
	case f == nil:
	case r.URL.Query().Get("alt") != "media":
		respond(w, r, now, standardFields)
	case now.Size == "":
		(&apiError{http.StatusForbidden, "fileNotDownloadable", "Only files with binary content can be downloaded. Use Export with Docs Editors files."}).write(w)
	default:
		now.content.serve(w, r, now.Revision)
	}
}

// changes are the fields of a file that a request may set.
type changes struct {
	Name       *string           `json:"name"`
	Type       *string           `json:"mimeType"`
	Parents    []string          `json:"parents"`
	Trashed    *bool             `json:"trashed"`
	Properties map[string]string `json:"appProperties"`
}

func (c changes) apply(f *file) {
	if c.Name != nil {
		f.Name = *c.Name
	}
	if c.Type != nil {
		f.Type = *c.Type
	}
	if c.Trashed != nil {
		f.Trashed = *c.Trashed
	}
	if f.Properties == nil {
		f.Properties = map[string]string{}
	}
	maps.Copy(f.Properties, c.Properties)
}

func (d *Drive) patch(w http.ResponseWriter, r *http.Request) {
	if _, answered := d.signedIn(w, r, true); answered {
		return
	}
	var c changes
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil || len(c.Parents) > 0 {
		badRequest("The parents field is not directly writable in update requests.").write(w)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.find(w, r, r.PathValue("id")); f != nil {
		c.apply(f)
		respond(w, r, f, standardFields)
	}
}

// remove deletes a file at once, which in a Shared Drive only an organizer may, and the
// service account is none.
func (d *Drive) remove(w http.ResponseWriter, r *http.Request) {
	if _, answered := d.signedIn(w, r, true); answered {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.find(w, r, r.PathValue("id")); f != nil {
		(&apiError{http.StatusForbidden, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."}).write(w)
	}
}

// list answers with the files that the query selects
// (https://developers.google.com/workspace/drive/api/guides/search-files).
func (d *Drive) list(w http.ResponseWriter, r *http.Request) {
	if _, answered := d.signedIn(w, r, true); answered {
		return
	}
	query := r.URL.Query()
	selects, err := condOf(query.Get("q"))
	allDrives := query.Get("supportsAllDrives") == "true" && query.Get("includeItemsFromAllDrives") == "true"
	corpora := query.Get("corpora")
	if err != nil || corpora == "drive" && (!allDrives || query.Get("driveId") == "") || corpora != "drive" && query.Get("driveId") != "" {
		badRequest("Invalid Value").write(w)
		return
	}
	if corpora == "drive" && d.FolderOnly {
		(&apiError{http.StatusNotFound, "notFound", "Shared drive not found: " + query.Get("driveId")}).write(w)
		return
	}
	most := 1000
	if d.PageSize > 0 {
		most = d.PageSize
	}
	if n, err := strconv.Atoi(query.Get("pageSize")); err == nil && n > 0 {
		most = min(most, n)
	}
	after, _ := strconv.Atoi(query.Get("pageToken"))
	d.mu.Lock()
	defer d.mu.Unlock()
	answer := struct {
		Kind       string  `json:"kind"`
		Incomplete bool    `json:"incompleteSearch"`
		Next       string  `json:"nextPageToken,omitempty"`
		Files      []*file `json:"files"`
	}{Kind: "drive#fileList", Files: []*file{}}
	for _, f := range slices.SortedFunc(maps.Values(d.files), func(a, b *file) int { return a.number - b.number }) {
		inCorpus := f.DriveID == "" && corpora != "drive" || f.DriveID != "" && allDrives && (corpora != "drive" || f.DriveID == query.Get("driveId"))
		if f.number <= after || !inCorpus || !selects(f) {
			continue
		}
		if len(answer.Files) == most {
			answer.Next = strconv.Itoa(answer.Files[most-1].number)
			break
		}
		answer.Files = append(answer.Files, f)
	}
	respond(w, r, answer, standardList)
}

// condOf reads a query of the terms that are used, joined by "and". Names are compared
// without regard to case.
func condOf(q string) (func(*file) bool, error) {
	var conditions []func(*file) bool
	for q != "" {
		switch rest, value, found := quoted(q); {
		case found && strings.HasPrefix(rest, " in parents"):
			conditions = append(conditions, func(f *file) bool { return slices.Contains(f.Parents, value) })
			q = strings.TrimPrefix(rest, " in parents")
		case strings.HasPrefix(q, "trashed = false"):
			conditions = append(conditions, func(f *file) bool { return !f.Trashed })
			q = strings.TrimPrefix(q, "trashed = false")
		case strings.HasPrefix(q, "name = "):
			rest, value, found := quoted(strings.TrimPrefix(q, "name = "))
			if !found {
				return nil, fmt.Errorf("no name in %q", q)
			}
			conditions = append(conditions, func(f *file) bool { return strings.EqualFold(f.Name, value) })
			q = rest
		default:
			return nil, fmt.Errorf("unknown term in %q", q)
		}
		rest, more := strings.CutPrefix(q, " and ")
		if q != "" && (!more || rest == "") {
			return nil, fmt.Errorf("no term in %q", q)
		}
		q = rest
	}
	return func(f *file) bool {
		return !slices.ContainsFunc(conditions, func(c func(*file) bool) bool { return !c(f) })
	}, nil
}

// quoted reads a text in quotes at the beginning of q, in which a backslash escapes.
func quoted(q string) (rest, value string, found bool) {
	if !strings.HasPrefix(q, "'") {
		return q, "", false
	}
	var out strings.Builder
	for i := 1; i < len(q); i++ {
		switch {
		case q[i] == '\'':
			return q[i+1:], out.String(), true
		case q[i] == '\\' && i+1 < len(q):
			i++
		}
		out.WriteByte(q[i])
	}
	return q, "", false
}

// create starts the upload of a new file. A service account owns what it creates in My
// Drive, and has no quota (https://developers.google.com/workspace/drive/api/guides/handle-errors).
func (d *Drive) create(w http.ResponseWriter, r *http.Request) {
	if _, answered := d.signedIn(w, r, true); answered {
		return
	}
	var c changes
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil || len(c.Parents) != 1 || c.Name == nil || r.URL.Query().Get("uploadType") != "resumable" {
		badRequest("Bad Request").write(w)
		return
	}
	d.mu.Lock()
	parent := d.find(w, r, c.Parents[0])
	d.mu.Unlock()
	if parent == nil {
		return
	}
	if parent.DriveID == "" {
		(&apiError{http.StatusForbidden, "storageQuotaExceeded", "Service Accounts do not have storage quota. Leverage shared drives, or use OAuth delegation instead."}).write(w)
		return
	}
	d.startSession(w, r, func(content content) (any, *apiError) {
		f := &file{Type: "application/octet-stream", Parents: c.Parents}
		c.apply(f)
		d.add(f)
		d.fill(f, content)
		return f, nil
	}, or(r.URL.Query().Get("fields"), standardFields))
}

// update starts the upload of a file's new content.
func (d *Drive) update(w http.ResponseWriter, r *http.Request) {
	if _, answered := d.signedIn(w, r, true); answered {
		return
	}
	var c changes
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil || len(c.Parents) > 0 || r.URL.Query().Get("uploadType") != "resumable" {
		badRequest("Bad Request").write(w)
		return
	}
	d.mu.Lock()
	f := d.find(w, r, r.PathValue("id"))
	d.mu.Unlock()
	if f == nil {
		return
	}
	d.startSession(w, r, func(content content) (any, *apiError) {
		c.apply(f)
		d.fill(f, content)
		return f, nil
	}, or(r.URL.Query().Get("fields"), standardFields))
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
