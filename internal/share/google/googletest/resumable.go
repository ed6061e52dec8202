package googletest

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// quantum is what the services store a multiple of, and the least that a request which is
// not the last has (https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload).
const quantum = 256 << 10

// statusCanceled is the answer to a canceled session, to the cancellation too
// (https://cloud.google.com/storage/docs/performing-resumable-uploads#cancel-upload).
const statusCanceled = 499

// content is what a name has.
type content struct {
	path                string
	size                int64
	md5, sha256, crc32c []byte
}

// session is a resumable upload
// (https://cloud.google.com/storage/docs/resumable-uploads, and for Drive
// https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable).
type session struct {
	file     *os.File
	total    int64 // -1: not declared
	stored   int64
	canceled bool
	done     any
	// finish makes what was received visible, or refuses it.
	finish func(c content) (resource any, refused *apiError)
	fields string
}

// startSession answers the start of an upload with the URI of a session.
func (s *Server) startSession(w http.ResponseWriter, r *http.Request, finish func(content) (any, *apiError), fields string) {
	file, err := os.CreateTemp(s.dir, "session-*")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	total := int64(-1)
	if declared := r.Header.Get("X-Upload-Content-Length"); declared != "" {
		if total, err = strconv.ParseInt(declared, 10, 64); err != nil {
			badRequest("Invalid X-Upload-Content-Length").write(w)
			return
		}
	}
	id := rand.Text()
	s.mu.Lock()
	s.sessions[id] = &session{file: file, total: total, finish: finish, fields: fields}
	s.mu.Unlock()
	at := *r.URL
	query := at.Query()
	query.Set("upload_id", id)
	w.Header().Set("Location", fmt.Sprintf("http://%s%s?%s", r.Host, at.EscapedPath(), query.Encode()))
	w.Header().Set("X-GUploader-UploadID", id)
	w.WriteHeader(http.StatusOK)
}

// Sessions returns how many sessions are neither complete nor canceled.
func (s *Server) Sessions() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.sessions {
		if one.done == nil && !one.canceled {
			n++
		}
	}
	return n
}

// EndSessions removes all sessions, as the services do after a week, or at an error.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

// session answers a request to the URI of a session. The URI itself is the credential.
func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.sessions[r.URL.Query().Get("upload_id")]
	switch {
	case one == nil:
		(&apiError{http.StatusNotFound, "notFound", "Not Found"}).write(w)
	case r.Method == http.MethodDelete || one.canceled:
		if one.done == nil {
			one.canceled = true
		}
		(&apiError{statusCanceled, "clientClosedRequest", "The upload was canceled."}).write(w)
	case one.done != nil:
		s.resource(w, one)
	default:
		s.receive(w, r, one)
	}
}

func (s *Server) resource(w http.ResponseWriter, one *session) {
	reduced, err := project(one.done, one.fields)
	if err != nil {
		badRequest("%v", err).write(w)
		return
	}
	writeJSON(w, http.StatusOK, reduced)
}

// receive takes a request with content, or one that asks how much has arrived.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, one *session) {
	first, last, total, query, ok := contentRange(r.Header.Get("Content-Range"))
	if !ok || one.total >= 0 && total >= 0 && total != one.total {
		badRequest("Failed to parse Content-Range header.").write(w)
		return
	}
	if one.total < 0 {
		one.total = total
	}
	if query {
		s.answer(w, one)
		return
	}
	if first > one.stored {
		badRequest("Invalid request. According to the Content-Range header, the upload offset is %d byte(s), which exceeds already uploaded size of %d byte(s).", first, one.stored).write(w)
		return
	}
	if r.ContentLength != last-first+1 || one.total >= 0 && last >= one.total {
		badRequest("Invalid request. Content-Length and Content-Range differ.").write(w)
		return
	}
	final := last+1 == one.total
	if n := last - first + 1; !final && n < quantum {
		badRequest("Invalid request. The number of bytes uploaded is required to be equal or greater than %d, except for the final request (it's recommended to be the exact multiple of %d). The received request contained %d bytes, which does not meet this requirement.", quantum, quantum, n).write(w)
		return
	}
	// The server's lock is not held while a client sends slowly.
	s.mu.Unlock()
	n, err := io.Copy(io.NewOffsetWriter(one.file, first), r.Body)
	s.mu.Lock()
	s.received += n
	arrived := first + n
	if err != nil || !final {
		arrived -= arrived % quantum
		if arrived -= s.lag; arrived < one.stored {
			arrived = one.stored
		}
	}
	one.stored = max(one.stored, arrived) // bytes that were stored before are ignored
	if err == nil {
		s.answer(w, one)
	}
}

// contentRange reads "bytes 0-9/20", "bytes */20" and "bytes */*"; total is -1 if it is unknown.
func contentRange(h string) (first, last, total int64, query, ok bool) {
	if h == "bytes */*" {
		return 0, 0, -1, true, true
	}
	if n, _ := fmt.Sscanf(h, "bytes */%d", &total); n == 1 {
		return 0, 0, total, true, true
	}
	if n, _ := fmt.Sscanf(h, "bytes %d-%d/%d", &first, &last, &total); n == 3 {
		return first, last, total, false, first >= 0 && first <= last
	}
	n, _ := fmt.Sscanf(h, "bytes %d-%d/*", &first, &last)
	return first, last, -1, false, n == 2 && first <= last
}

// answer completes an upload whose content is there, and reports the state of any other.
func (s *Server) answer(w http.ResponseWriter, one *session) {
	if one.stored != one.total {
		if one.stored > 0 {
			w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", one.stored-1))
		}
		w.WriteHeader(http.StatusPermanentRedirect)
		return
	}
	c, err := sums(one.file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	resource, refused := one.finish(c)
	if refused != nil {
		refused.write(w)
		return
	}
	one.done = resource
	s.resource(w, one)
}

func sums(file *os.File) (content, error) {
	m, k, h := md5.New(), crc32.New(crc32.MakeTable(crc32.Castagnoli)), sha256.New()
	n, err := io.Copy(io.MultiWriter(m, k, h), io.NewSectionReader(file, 0, 1<<62))
	if err != nil {
		return content{}, err
	}
	return content{path: file.Name(), size: n, md5: m.Sum(nil), crc32c: k.Sum(nil), sha256: h.Sum(nil)}, nil
}

// store writes a content that no session has sent.
func (s *Server) store(data []byte) (content, error) {
	path := filepath.Join(s.dir, "put-"+rand.Text())
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return content{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return content{}, err
	}
	c, err := sums(file)
	return c, errors.Join(err, file.Close())
}

// serve answers with a content, or with the part of it that Range names.
func (c content) serve(w http.ResponseWriter, r *http.Request, tag string) {
	file, err := os.Open(c.path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = file.Close() }() // it was only read
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("ETag", strconv.Quote(tag))
	info, err := file.Stat()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.ServeContent(w, r, "", info.ModTime(), file)
}

func (c content) md5Hex() string    { return hex.EncodeToString(c.md5) }
func (c content) sha256Hex() string { return hex.EncodeToString(c.sha256) }
