package gdrive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/share/google"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	// fields are those of a file that are used; without naming them an answer has neither
	// size nor checksums. A list of the whole folder omits the properties.
	fields     = listFields + ",appProperties"
	listFields = "id,name,mimeType,size,md5Checksum,sha256Checksum,createdTime,modifiedTime,headRevisionId"
	// pageSize is the most that the service lists at once.
	pageSize = "1000"

	folderType = "application/vnd.google-apps.folder"
	// docsPrefix begins the types of what has no content of its own: folders,
	// documents, shortcuts.
	docsPrefix = "application/vnd.google-apps."
)

// file describes a file or a folder
// (https://developers.google.com/workspace/drive/api/reference/rest/v3/files).
type file struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"mimeType"`
	Size       string            `json:"size"`
	MD5        string            `json:"md5Checksum"`
	SHA256     string            `json:"sha256Checksum"`
	Created    time.Time         `json:"createdTime"`
	Modified   time.Time         `json:"modifiedTime"`
	Revision   string            `json:"headRevisionId"`
	Properties map[string]string `json:"appProperties"`
}

func (f file) object() share.Object {
	o := share.Object{Name: f.Name, Size: -1, Modified: f.Modified, Validator: f.Revision}
	if size, err := strconv.ParseInt(f.Size, 10, 64); err == nil && size >= 0 {
		o.Size = size
	}
	o.Checksums = share.Checksums{MD5: strings.ToLower(f.MD5), SHA256: strings.ToLower(f.SHA256)}
	return o
}

// folder describes the folder of the settings.
type folder struct {
	Name    string `json:"name"`
	Type    string `json:"mimeType"`
	Trashed bool   `json:"trashed"`
	// DriveID is the id of its Shared Drive; empty in My Drive.
	DriveID string `json:"driveId"`
}

// request returns a request that also applies to Shared Drives.
func (p *provider) request(method, path string, query url.Values) google.Request {
	if query == nil {
		query = url.Values{}
	}
	query.Set("supportsAllDrives", "true")
	r := google.Request{Method: method, Path: path, Query: query, Header: http.Header{}}
	if p.resourceKey != "" {
		// https://developers.google.com/workspace/drive/api/guides/resource-keys
		r.Header.Set("X-Goog-Drive-Resource-Keys", p.resourceKey)
	}
	return r
}

func filePath(id string) string { return "/drive/v3/files/" + url.PathEscape(id) }

// get returns a file by its id.
func (p *provider) get(ctx context.Context, id string) (f file, err error) {
	err = p.client.JSON(ctx, p.request(http.MethodGet, filePath(id), url.Values{"fields": {fields}}), &f)
	return f, err
}

// where returns the folder of the settings, which is asked for once.
func (p *provider) where(ctx context.Context) (*folder, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	var f folder
	err := p.client.JSON(ctx, p.request(http.MethodGet, filePath(p.folder), url.Values{"fields": {"name,mimeType,trashed,driveId"}}), &f)
	switch {
	case isReason(err, "notFound"):
		return nil, api.Invalid(folderSetting, "the folder %q does not exist, or is not shared with %q", p.folder, p.client.Email())
	case err != nil:
		return nil, err
	case f.Type != folderType:
		return nil, api.Invalid(folderSetting, "%q (%q) is not a folder", p.folder, f.Name)
	case f.Trashed:
		return nil, api.Invalid(folderSetting, "the folder %q (%q) is in the trash", p.folder, f.Name)
	}
	p.known = &f
	return p.known, nil
}

func isReason(err error, reason string) bool {
	var refused *google.StatusError
	return errors.As(err, &refused) && refused.Reason == reason
}

// escape returns a text as part of a query in quotes
// (https://developers.google.com/workspace/drive/api/guides/ref-search-terms).
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s)
}

// page is a part of a list.
type page struct {
	Files      []file `json:"files"`
	Next       string `json:"nextPageToken"`
	Incomplete bool   `json:"incompleteSearch"`
}

// page returns the fields of what q finds in a Shared Drive, or, if drive is empty, in all
// that the account can read, which takes the service longer.
func (p *provider) page(ctx context.Context, q, of, drive, token string) (found page, err error) {
	query := url.Values{"q": {q}, "pageSize": {pageSize}, "includeItemsFromAllDrives": {"true"},
		"fields": {"nextPageToken,incompleteSearch,files(" + of + ")"}}
	if drive != "" {
		query.Set("corpora", "drive")
		query.Set("driveId", drive)
	}
	if token != "" {
		query.Set("pageToken", token)
	}
	err = p.client.JSON(ctx, p.request(http.MethodGet, "/drive/v3/files", query), &found)
	return found, err
}

// files yields what the folder has and is not in the trash, of one name if it is not empty.
func (p *provider) files(ctx context.Context, name string) iter.Seq2[file, error] {
	return func(yield func(file, error) bool) {
		at, err := p.where(ctx)
		if err != nil {
			yield(file{}, err)
			return
		}
		q := "'" + escape(p.folder) + "' in parents and trashed = false"
		of := listFields
		if name != "" {
			of = fields
			q += " and name = '" + escape(name) + "'"
		}
		drive := at.DriveID
		for token := ""; ; {
			page, err := p.page(ctx, q, of, drive, token)
			if drive != "" && token == "" && isReason(err, "notFound") {
				// The folder is shared with the account, but not the whole Shared Drive.
				drive = ""
				page, err = p.page(ctx, q, of, drive, token)
			}
			switch {
			case err == nil && page.Incomplete:
				err = &share.TemporaryError{Message: "the server has not searched everything"}
			case err == nil && page.Next != "" && page.Next == token:
				err = &api.NotSupportedError{Message: "the server repeats a page"}
			}
			if err != nil {
				yield(file{}, err)
				return
			}
			for _, f := range page.Files {
				// The service ignores the case of a name.
				if (name == "" || f.Name == name) && !yield(f, nil) {
					return
				}
			}
			if token = page.Next; token == "" {
				return
			}
		}
	}
}

// named returns all files of a name. It returns an api.ConflictError if there is something that
// has no content.
func (p *provider) named(ctx context.Context, name string) (found []file, err error) {
	for f, err := range p.files(ctx, name) {
		switch {
		case err != nil:
			return nil, err
		case f.Type == folderType:
			return nil, &api.ConflictError{Message: fmt.Sprintf("%q is a folder", name)}
		case strings.HasPrefix(f.Type, docsPrefix):
			return nil, &api.ConflictError{Message: fmt.Sprintf("%q is no file, but of type %q", name, f.Type)}
		}
		found = append(found, f)
	}
	return found, nil
}

// find returns the file of a name. It returns an api.NotFoundError if there is none, and an
// api.ConflictError if there are several, which Drive allows.
func (p *provider) find(ctx context.Context, name string) (file, error) {
	found, err := p.named(ctx, name)
	switch {
	case err != nil:
		return file{}, err
	case len(found) == 0:
		return file{}, &api.NotFoundError{Kind: "archive", Name: name}
	case len(found) > 1:
		ids := make([]string, len(found))
		for i, f := range found {
			ids[i] = f.ID
		}
		return file{}, &api.ConflictError{Message: fmt.Sprintf("the folder has %d files of the name %q, with the ids %s; all but one have to be removed in Google Drive", len(found), name, text.And(ids))}
	}
	return found[0], nil
}

// explain returns an error with what was tried.
func (p *provider) explain(err error, doing string) error {
	return p.quota(google.Explain(err, doing), doing)
}

// quota replaces the error of a lack of space, which in My Drive is a wrong setting: the
// owner of a file is the service account, which has no storage of its own.
func (p *provider) quota(err error, doing string) error {
	if !isReason(err, "storageQuotaExceeded") {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil && p.known.DriveID != "" {
		return &api.UnavailableError{Message: fmt.Sprintf("cannot %s: the Shared Drive has no space left", doing), Cause: err}
	}
	return api.Invalid(folderSetting, "cannot %s: the folder is in My Drive, where a service account has no storage; use a folder of a Shared Drive that is shared with %q", doing, p.client.Email())
}
