package shares

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/webdav"
)

const linkToken = "AbCd-Ef_123"

// nextcloud is a double of the public links of Nextcloud, which cannot be run here. It is
// written from the developer manual (docs.nextcloud.com: "WebDAV basics", "Chunked file
// upload") and from nextcloud/server, apps/dav: appinfo/v2/publicremote.php,
// lib/Connector/Sabre/PublicAuth.php (401 and 404), lib/Connector/Sabre/File.php (X-Hash),
// lib/Connector/Sabre/ChecksumUpdatePlugin.php (PATCH), lib/Upload/ChunkingV2Plugin.php
// (names of chunks, Destination), lib/Files/Sharing/FilesDropPlugin.php (drop links).
// The files are served by golang.org/x/net/webdav; a PUT is atomic, as Nextcloud's is.
type nextcloud struct {
	dir string // the folder of the link
	// below is where Nextcloud is installed, such as "/cloud".
	below    string
	password string
	// old: a release before 29, without public.php/dav. chunks is what the capabilities
	// say. drop: the link is for uploads only. missing: the link does not exist.
	old, chunks, drop, missing bool
	// failMove: the final MOVE of a chunked upload answers 500 (issue 59170).
	failMove bool
	// damage: the server stores other first bytes of large files than it receives.
	damage bool

	uploads string // the folder of the chunks
	temp    string // for files that are received
	mu      sync.Mutex
	log     []string // method and path of each request
	refused int
}

// start serves the double.
func (n *nextcloud) start(t testing.TB) (address string) {
	t.Helper()
	n.uploads, n.temp = t.TempDir(), t.TempDir()
	if n.dir == "" {
		n.dir = t.TempDir()
	}
	s := httptest.NewServer(n)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func (n *nextcloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.log = append(n.log, r.Method+" "+r.URL.Path)
	n.mu.Unlock()
	rest, ok := strings.CutPrefix(r.URL.Path, n.below)
	files, uploads := "/public.php/dav/files/"+linkToken, "/public.php/dav/uploads/"+linkToken
	switch {
	case !ok:
		http.NotFound(w, r)
	case rest == "/status.php":
		version := "32.0.1.2"
		if n.old {
			version = "28.0.9.1"
		}
		fmt.Fprintf(w, `{"installed":true,"maintenance":false,"version":%q}`, version)
	case rest == "/ocs/v1.php/cloud/capabilities" && r.Header.Get("Ocs-Apirequest") == "true" && r.URL.Query().Get("format") == "json":
		if r.Header.Get("Authorization") != "" { // it would be tried as a user's
			n.refuse(w)
			return
		}
		fmt.Fprintf(w, `{"ocs":{"meta":{"status":"ok"},"data":{"capabilities":{"dav":{"chunking":"1.0","public_shares_chunking":%v}}}}}`, n.chunks)
	case !n.old && (rest == files || strings.HasPrefix(rest, files+"/")):
		if n.allowed(w, r, false) {
			n.serveFiles(w, r, n.below+files)
		}
	case rest == "/public.php/webdav" || strings.HasPrefix(rest, "/public.php/webdav/"):
		if n.allowed(w, r, true) {
			n.serveFiles(w, r, n.below+"/public.php/webdav")
		}
	case !n.old && strings.HasPrefix(rest, uploads+"/"):
		if n.allowed(w, r, false) {
			n.serveUploads(w, r, n.below+uploads, strings.TrimPrefix(rest, uploads))
		}
	default:
		http.NotFound(w, r)
	}
}

// requests returns how many requests began with a text.
func (n *nextcloud) requests(prefix string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, line := range n.log {
		if strings.HasPrefix(line, prefix) {
			count++
		}
	}
	return count
}

func (n *nextcloud) refuse(w http.ResponseWriter) {
	n.mu.Lock()
	n.refused++
	n.mu.Unlock()
	w.WriteHeader(http.StatusUnauthorized)
}

// allowed is what PublicAuth.php and publicremote.php check.
func (n *nextcloud) allowed(w http.ResponseWriter, r *http.Request, legacy bool) bool {
	user, password, given := r.BasicAuth()
	switch {
	case n.missing && !given, !n.missing && n.old && !legacy:
		http.NotFound(w, r)
	case n.missing, legacy && user != linkToken, n.password != "" && password != n.password,
		r.Method != http.MethodGet && r.Header.Get("X-Requested-With") != "XMLHttpRequest":
		n.refuse(w)
	case n.drop && r.Method != http.MethodPut && r.Method != "MKCOL":
		w.WriteHeader(http.StatusMethodNotAllowed)
		_, _ = io.WriteString(w, `<d:error xmlns:d="DAV:"><s:message xmlns:s="http://sabredav.org/ns">Only PUT is allowed on files drop</s:message></d:error>`)
	default:
		return true
	}
	return false
}

func (n *nextcloud) serveFiles(w http.ResponseWriter, r *http.Request, prefix string) {
	name := filepath.Join(n.dir, strings.TrimPrefix(r.URL.Path, prefix))
	switch r.Method {
	case http.MethodPut:
		sum, err := n.store(name, r.Body, r.ContentLength)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if r.Header.Get("X-Hash") == "sha256" {
			w.Header().Set("X-Hash-SHA256", sum)
		}
		w.WriteHeader(http.StatusCreated)
	case http.MethodPatch:
		file, err := os.Open(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer file.Close()
		if kind := r.Header.Get("X-Recalculate-Hash"); kind != "sha256" {
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		hash := sha256.New()
		_, _ = io.Copy(hash, file)
		w.Header().Set("OC-Checksum", "SHA256:"+hex.EncodeToString(hash.Sum(nil)))
		w.WriteHeader(http.StatusNoContent)
	default:
		(&webdav.Handler{Prefix: prefix, FileSystem: webdav.Dir(n.dir), LockSystem: webdav.NewMemLS()}).ServeHTTP(w, r)
	}
}

// store writes a file that appears when it is complete, and returns its SHA-256.
func (n *nextcloud) store(name string, body io.Reader, size int64) (string, error) {
	file, err := os.CreateTemp(n.temp, "part")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	hash := sha256.New()
	got, err := io.Copy(io.MultiWriter(file, hash), body)
	if err != nil {
		return "", err
	}
	if got != size {
		return "", fmt.Errorf("expected %d bytes, got %d", size, got)
	}
	if n.damage && size > 1<<20 {
		if _, err := file.WriteAt([]byte("damaged"), 0); err != nil {
			return "", err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
		hash.Reset()
		_, _ = io.Copy(hash, file)
	}
	return hex.EncodeToString(hash.Sum(nil)), os.Rename(file.Name(), name)
}

// serveUploads is chunked upload, version 2. Rest is "/ID" or "/ID/CHUNK".
func (n *nextcloud) serveUploads(w http.ResponseWriter, r *http.Request, prefix, rest string) {
	id, chunk := path.Split(strings.TrimSuffix(rest, "/"))
	if id == "/" {
		id, chunk = "/"+chunk, ""
	}
	folder := filepath.Join(n.uploads, "chunks", id)
	destination, err := url.Parse(r.Header.Get("Destination"))
	needs := r.Method == "MKCOL" || r.Method == http.MethodPut || r.Method == "MOVE"
	if needs && (err != nil || !strings.HasPrefix(destination.Path, n.below+"/public.php/dav/files/"+linkToken+"/")) {
		http.Error(w, "no Destination", http.StatusBadRequest)
		return
	}
	if total, err := strconv.ParseInt(r.Header.Get("OC-Total-Length"), 10, 64); needs && (err != nil || total <= 0) {
		http.Error(w, "no OC-Total-Length", http.StatusBadRequest)
		return
	}
	switch {
	case r.Method == "MKCOL" && chunk == "":
		if err := os.MkdirAll(folder, 0o755); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPut:
		number, err := strconv.Atoi(chunk)
		if _, statErr := os.Stat(folder); statErr != nil {
			http.NotFound(w, r)
			return
		}
		if err != nil || number < 1 || number > 10000 || len(chunk) != 5 {
			http.Error(w, "Invalid chunk name, must be numeric between 1 and 10000", http.StatusBadRequest)
			return
		}
		if _, err := n.store(filepath.Join(folder, chunk), r.Body, r.ContentLength); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
	case r.Method == "MOVE" && chunk == ".file":
		n.assemble(w, r, folder, filepath.Join(n.dir, path.Base(destination.Path)))
	case r.Method == http.MethodGet:
		http.Error(w, "Reading intermediate uploads is not allowed", http.StatusMethodNotAllowed)
	default: // PROPFIND and DELETE
		if err := os.MkdirAll(filepath.Join(n.uploads, "chunks"), 0o755); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		(&webdav.Handler{Prefix: prefix, FileSystem: webdav.Dir(filepath.Join(n.uploads, "chunks")), LockSystem: webdav.NewMemLS()}).ServeHTTP(w, r)
	}
}

// assemble makes a file of the chunks in the order of their names.
func (n *nextcloud) assemble(w http.ResponseWriter, r *http.Request, folder, target string) {
	if n.failMove {
		http.Error(w, "NotPermittedException", http.StatusInternalServerError)
		return
	}
	if _, err := os.Stat(target); err == nil && r.Header.Get("Overwrite") == "F" {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	var parts []io.Reader
	size := int64(0)
	for i, entry := range entries {
		file, err := os.Open(filepath.Join(folder, entry.Name()))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer file.Close()
		at, err := file.Stat()
		if err != nil || at.Size() < 5_000_000 && i < len(entries)-1 {
			http.Error(w, fmt.Sprintf("chunk %s is too small: %v", entry.Name(), err), http.StatusBadRequest)
			return
		}
		parts, size = append(parts, file), size+at.Size()
	}
	if total := r.Header.Get("OC-Total-Length"); total != strconv.FormatInt(size, 10) {
		http.Error(w, fmt.Sprintf("Chunks on server do not sum up to %s but to %d bytes", total, size), http.StatusBadRequest)
		return
	}
	if _, err := n.store(target, io.MultiReader(parts...), size); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = os.RemoveAll(folder)
	w.WriteHeader(http.StatusCreated)
}
