package sdk_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/sdk/internal/authz"
)

// server is an API server that keeps objects as JSON and records every request
// that changes something. It implements what the SDK uses: selectors by labels,
// merge patches, and dryRun=All. No controller runs.
type server struct {
	mu      sync.Mutex
	objects map[string]json.RawMessage // by path
	// changes are "METHOD PATH", with " dryRun=All" behind it where that was said.
	changes []string
	// changed is called at each of them that is kept.
	changed func()
	// loose are those deletions and merge patches that do not say of which very
	// object they are.
	loose []string
	// replaced: what is to be deleted has been made anew just before.
	replaced bool
	// needed are the rights that the requests need, with those that were asked
	// for; denied, if set, is the one that the caller has not got.
	needed map[authz.Right]bool
	denied *authz.Right
}

const kueueAPI = "/apis/kueue.x-k8s.io/v1beta2"

// kueueServed is what is served of Kueue's API.
var kueueServed = []string{"clusterqueues", "localqueues", "resourceflavors", "workloads"}

// objectPath takes a path apart: the collection, the same one over all namespaces,
// and the object's name, which is empty for a collection.
func objectPath(p string) (collection, all, name string) {
	parts := strings.Split(strings.Trim(p, "/"), "/")
	head := 2 // api/v1
	if parts[0] == "apis" {
		head = 3
	}
	prefix, rest := "/"+strings.Join(parts[:min(head, len(parts))], "/"), parts[min(head, len(parts)):]
	namespace := ""
	if len(rest) > 2 && rest[0] == "namespaces" {
		namespace, rest = "/namespaces/"+rest[1], rest[2:]
	}
	if len(rest) == 0 {
		return prefix, prefix, ""
	}
	if len(rest) > 1 {
		name = rest[1]
	}
	return prefix + namespace + "/" + rest[0], prefix + "/" + rest[0], name
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if need, ok := rightOf(r); ok {
		if s.needed == nil {
			s.needed = map[authz.Right]bool{}
		}
		s.needed[need] = true
		if s.denied != nil && covers(*s.denied, need) {
			refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden, denial(need))
			return
		}
	}
	switch {
	case r.URL.Path == "/version":
		answer(w, http.StatusOK, map[string]string{"gitVersion": "v1.36.3", "major": "1", "minor": "36"})
	case r.URL.Path == "/apis":
		answer(w, http.StatusOK, metav1.APIGroupList{Groups: []metav1.APIGroup{{Name: "kueue.x-k8s.io",
			Versions: []metav1.GroupVersionForDiscovery{{GroupVersion: "kueue.x-k8s.io/v1beta2", Version: "v1beta2"}}}}})
	case strings.HasSuffix(r.URL.Path, "/selfsubjectreviews"):
		answer(w, http.StatusCreated, map[string]any{"status": map[string]any{"userInfo": map[string]any{"username": "ann"}}})
	case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		need := askedFor(decode(body, r.Header.Get("Content-Type")))
		if s.needed == nil {
			s.needed = map[authz.Right]bool{}
		}
		s.needed[need] = true
		answer(w, http.StatusCreated, map[string]any{"status": map[string]any{"allowed": s.denied == nil || !covers(*s.denied, need)}})
	case r.Method == http.MethodGet:
		s.read(w, r)
	default:
		s.change(w, r, body)
	}
}

func (s *server) read(w http.ResponseWriter, r *http.Request) {
	collection, all, name := objectPath(r.URL.Path)
	if name != "" {
		if object, ok := s.objects[r.URL.Path]; ok {
			answer(w, http.StatusOK, object)
		} else {
			refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, name)
		}
		return
	}
	if in, ok := strings.CutPrefix(all, kueueAPI+"/"); ok && !slices.Contains(kueueServed, in) {
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, in)
		return
	}
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	items := []json.RawMessage{}
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		in, overAll, _ := objectPath(key)
		if (in == collection || collection == all && overAll == all) && selector.Matches(labels.Set(metaOf(s.objects[key]).Labels)) {
			items = append(items, s.objects[key])
		}
	}
	answer(w, http.StatusOK, map[string]any{"items": items})
}

func (s *server) change(w http.ResponseWriter, r *http.Request, body []byte) {
	dryRun := r.URL.Query()["dryRun"]
	uid := metaOf(body).UID
	if r.Method == http.MethodDelete { // it is in the body
		var o metav1.DeleteOptions
		_ = json.Unmarshal(decode(body, r.Header.Get("Content-Type")), &o)
		dryRun = append(dryRun, o.DryRun...)
		if uid = ""; o.Preconditions != nil {
			uid = ptr.Deref(o.Preconditions.UID, "")
		}
	}
	keep, said := len(dryRun) == 0, r.Method+" "+r.URL.Path
	if !keep {
		said += " dryRun=" + strings.Join(dryRun, ",")
	}
	s.changes = append(s.changes, said)
	_, _, name := objectPath(r.URL.Path)
	key := r.URL.Path
	object := s.objects[key]
	if merge := strings.HasPrefix(r.Header.Get("Content-Type"), "application/merge-patch"); merge || r.Method == http.MethodDelete {
		if s.replaced && r.Method == http.MethodDelete && object != nil {
			object = merged(object, `{"metadata":{"uid":"another"}}`)
			s.objects[key] = object
		}
		switch {
		case name == "": // by a selector
		case uid == "":
			s.loose = append(s.loose, said)
		case object != nil && metaOf(object).UID != uid:
			refuse(w, http.StatusConflict, metav1.StatusReasonConflict, "Precondition failed: UID in precondition: "+string(uid))
			return
		}
	}
	switch r.Method {
	case http.MethodPost:
		object = decode(body, r.Header.Get("Content-Type"))
		name = metaOf(object).Name
		key = path.Join(key, name)
		if s.objects[key] != nil {
			refuse(w, http.StatusConflict, metav1.StatusReasonAlreadyExists, name)
			return
		}
		object = merged(object, `{"metadata":{"uid":"`+key+`","resourceVersion":"1"}}`)
	case http.MethodPatch:
		patch := body
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/apply-patch") {
			patch, _ = yaml.YAMLToJSON(body)
			if object == nil {
				object = json.RawMessage(`{}`)
			}
		}
		if object != nil {
			object = merged(object, string(patch))
		}
	case http.MethodDelete:
		s.remove(w, r, keep)
		return
	}
	if object == nil {
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, name)
		return
	}
	if keep {
		s.objects[key] = object
		s.changed()
	}
	answer(w, http.StatusOK, object)
}

// remove deletes an object or, by a selector, those of a collection.
func (s *server) remove(w http.ResponseWriter, r *http.Request, keep bool) {
	collection, _, name := objectPath(r.URL.Path)
	selector, _ := labels.Parse(r.URL.Query().Get("labelSelector"))
	for key, object := range s.objects {
		in, _, called := objectPath(key)
		if keep && in == collection && (called == name || name == "" && selector.Matches(labels.Set(metaOf(object).Labels))) {
			delete(s.objects, key)
		}
	}
	if keep {
		s.changed()
	}
	answer(w, http.StatusOK, metav1.Status{Status: metav1.StatusSuccess})
}

// decode reads an object as JSON, whatever it was sent as.
func decode(body []byte, contentType string) json.RawMessage {
	if strings.HasPrefix(contentType, "application/json") {
		return body
	}
	object, kind, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return nil
	}
	object.GetObjectKind().SetGroupVersionKind(*kind)
	data, _ := json.Marshal(object)
	return data
}

func merged(object json.RawMessage, patch string) json.RawMessage {
	out, err := jsonpatch.MergePatch(object, []byte(patch))
	if err != nil {
		return nil
	}
	return out
}

func metaOf(object json.RawMessage) metav1.ObjectMeta {
	var m struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
	}
	_ = json.Unmarshal(object, &m)
	return m.Metadata
}

func answer(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}

func refuse(w http.ResponseWriter, code int32, reason metav1.StatusReason, message string) {
	answer(w, int(code), metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message})
}
