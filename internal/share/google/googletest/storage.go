package googletest

import (
	"encoding/base64"
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

// Storage is a double of Cloud Storage's JSON API
// (https://cloud.google.com/storage/docs/json_api/v1).
type Storage struct {
	*Server
	buckets    map[string]*bucket
	generation int64
}

type bucket struct {
	public  bool
	objects map[string]*object
}

type object struct {
	Kind       string            `json:"kind"`
	Bucket     string            `json:"bucket"`
	Name       string            `json:"name"`
	Size       string            `json:"size"`
	Generation string            `json:"generation"`
	Type       string            `json:"contentType,omitempty"`
	MD5        string            `json:"md5Hash"`
	CRC32C     string            `json:"crc32c"`
	Updated    time.Time         `json:"updated"`
	Metadata   map[string]string `json:"metadata,omitempty"`

	content content
}

// NewStorage starts a double with these buckets; anyone can read one whose name begins with
// "public-".
func NewStorage(t testing.TB, buckets ...string) *Storage {
	t.Helper()
	s := &Storage{Server: newServer(t), buckets: map[string]*bucket{}, generation: time.Now().UnixMicro()}
	for _, name := range buckets {
		s.buckets[name] = &bucket{public: strings.HasPrefix(name, "public-"), objects: map[string]*object{}}
	}
	s.mux.HandleFunc("GET /storage/v1/b/{bucket}/o", s.list)
	s.mux.HandleFunc("GET /storage/v1/b/{bucket}/o/{object}", s.get)
	s.mux.HandleFunc("DELETE /storage/v1/b/{bucket}/o/{object}", s.remove)
	s.mux.HandleFunc("POST /upload/storage/v1/b/{bucket}/o", s.insert)
	s.mux.HandleFunc("PUT /upload/storage/v1/b/{bucket}/o", s.session)
	s.mux.HandleFunc("DELETE /upload/storage/v1/b/{bucket}/o", s.session)
	return s
}

// Put stores an object.
func (s *Storage) Put(t testing.TB, bucket, name string, data []byte) {
	t.Helper()
	c, err := s.store(data)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(bucket, &object{Name: name}, c)
}

// Names returns the names of a bucket's objects, sorted.
func (s *Storage) Names(bucket string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.buckets[bucket].objects))
}

func (s *Storage) add(bucket string, o *object, c content) {
	s.generation++
	o.Kind, o.Bucket, o.Generation, o.Updated, o.content = "storage#object", bucket, strconv.FormatInt(s.generation, 10), time.Now().UTC(), c
	o.Size, o.MD5, o.CRC32C = strconv.FormatInt(c.size, 10), base64.StdEncoding.EncodeToString(c.md5), base64.StdEncoding.EncodeToString(c.crc32c)
	s.buckets[bucket].objects[o.Name] = o
}

// allowed returns the bucket of a request, or answers it.
func (s *Storage) allowed(w http.ResponseWriter, r *http.Request, write bool) *bucket {
	s.mu.Lock()
	b := s.buckets[r.PathValue("bucket")]
	s.mu.Unlock()
	if _, answered := s.signedIn(w, r, write || b == nil || !b.public); answered {
		return nil
	}
	if b == nil {
		(&apiError{http.StatusNotFound, "notFound", "The specified bucket does not exist."}).write(w)
	}
	return b
}

func (s *Storage) list(w http.ResponseWriter, r *http.Request) {
	b := s.allowed(w, r, false)
	if b == nil {
		return
	}
	query := r.URL.Query()
	most := 1000
	if n, err := strconv.Atoi(query.Get("maxResults")); err == nil && n > 0 {
		most = min(most, n)
	}
	after, err := base64.StdEncoding.DecodeString(query.Get("pageToken"))
	if err != nil {
		badRequest("Invalid argument.").write(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := struct {
		Kind     string    `json:"kind"`
		Items    []*object `json:"items,omitempty"`
		Prefixes []string  `json:"prefixes,omitempty"`
		Next     string    `json:"nextPageToken,omitempty"`
	}{Kind: "storage#objects"}
	last := ""
	for _, name := range slices.Sorted(maps.Keys(b.objects)) {
		rest, below := strings.CutPrefix(name, query.Get("prefix"))
		if !below || name <= string(after) {
			continue
		}
		if len(answer.Items)+len(answer.Prefixes) == most {
			answer.Next = base64.StdEncoding.EncodeToString([]byte(last))
			break
		}
		last = name
		if delimiter := query.Get("delimiter"); delimiter != "" && strings.Contains(rest, delimiter) {
			folder, _, _ := strings.Cut(rest, delimiter)
			if folder = query.Get("prefix") + folder + delimiter; !slices.Contains(answer.Prefixes, folder) {
				answer.Prefixes = append(answer.Prefixes, folder)
			}
			continue
		}
		answer.Items = append(answer.Items, b.objects[name])
	}
	respond(w, r, answer, "")
}

// find returns the object of a request that fulfills its conditions, or answers it. The
// lock is held.
func (s *Storage) find(w http.ResponseWriter, r *http.Request, b *bucket) *object {
	o := b.objects[r.PathValue("object")]
	if g := r.URL.Query().Get("generation"); o == nil || g != "" && g != o.Generation {
		(&apiError{http.StatusNotFound, "notFound", fmt.Sprintf("No such object: %s/%s", r.PathValue("bucket"), r.PathValue("object"))}).write(w)
		return nil
	}
	if refused := condition(r.URL.Query().Get("ifGenerationMatch"), o); refused != nil {
		refused.write(w)
		return nil
	}
	return o
}

// condition compares ifGenerationMatch; "0" is that there is no object
// (https://cloud.google.com/storage/docs/request-preconditions).
func condition(want string, o *object) *apiError {
	if want == "" || o == nil && want == "0" || o != nil && want == o.Generation {
		return nil
	}
	return &apiError{http.StatusPreconditionFailed, "conditionNotMet", "At least one of the pre-conditions you specified did not hold."}
}

func (s *Storage) get(w http.ResponseWriter, r *http.Request) {
	b := s.allowed(w, r, false)
	if b == nil {
		return
	}
	s.mu.Lock()
	o := s.find(w, r, b)
	s.mu.Unlock()
	switch {
	case o == nil:
	case r.URL.Query().Get("alt") == "media":
		o.content.serve(w, r, o.Generation)
	default:
		respond(w, r, o, "")
	}
}

func (s *Storage) remove(w http.ResponseWriter, r *http.Request) {
	b := s.allowed(w, r, true)
	if b == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.find(w, r, b); o != nil {
		delete(b.objects, o.Name)
		w.WriteHeader(http.StatusNoContent)
	}
}

// insert starts a resumable upload. Its precondition is checked at the start and, since
// an object may be stored meanwhile, at the end; checksums are compared
// before the object is visible
// (https://cloud.google.com/storage/docs/json_api/v1/objects/insert).
func (s *Storage) insert(w http.ResponseWriter, r *http.Request) {
	b := s.allowed(w, r, true)
	if b == nil {
		return
	}
	query := r.URL.Query()
	var wanted object
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil || query.Get("uploadType") != "resumable" {
		badRequest("Parse Error").write(w)
		return
	}
	if name := query.Get("name"); name != "" {
		wanted.Name = name
	}
	if wanted.Name == "" || len(wanted.Name) > 1024 {
		badRequest("Required parameter: name").write(w)
		return
	}
	s.mu.Lock()
	refused := condition(query.Get("ifGenerationMatch"), b.objects[wanted.Name])
	s.mu.Unlock()
	if refused != nil {
		refused.write(w)
		return
	}
	name := r.PathValue("bucket")
	s.startSession(w, r, func(c content) (any, *apiError) {
		if refused := condition(query.Get("ifGenerationMatch"), b.objects[wanted.Name]); refused != nil {
			return nil, refused
		}
		for _, sum := range []struct{ kind, want, got string }{
			{"CRC32C", wanted.CRC32C, base64.StdEncoding.EncodeToString(c.crc32c)},
			{"MD5 hash", wanted.MD5, base64.StdEncoding.EncodeToString(c.md5)},
		} {
			if sum.want != "" && sum.want != sum.got {
				return nil, badRequest("Provided %s %q doesn't match calculated %s %q.", sum.kind, sum.want, sum.kind, sum.got)
			}
		}
		o := wanted
		s.add(name, &o, c)
		return &o, nil
	}, query.Get("fields"))
}
