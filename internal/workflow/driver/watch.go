package driver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/apiserver"
)

const (
	// pageSize is the number of objects per list request.
	pageSize = 500
	// watchTime is how long the API server keeps a watch open.
	watchTime = 5 * time.Minute
)

// The pause after an error, which doubles.
var firstPause, maxPause = time.Second, 10 * time.Second

// mirror keeps a local copy of some objects up to date.
type mirror struct {
	cluster *cluster
	path    string
	query   url.Values
	// accept is the content type of the objects; empty for all of them.
	accept string
	// begin is called before a list, put for each object, gone for a deleted one, and end
	// when a list is complete.
	begin, end func()
	put        func(json.RawMessage) error
	gone       func(json.RawMessage) error
	log        func(format string, args ...any)
}

// follow lists and then watches until ctx ends. It lists again after an error.
func (m *mirror) follow(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		version, err := m.list(ctx)
		for err == nil && ctx.Err() == nil {
			began := time.Now()
			version, err = m.watch(ctx, version)
			if err == nil && time.Since(began) < firstPause { // a server that ends watches at once
				_ = sleep(ctx, firstPause, nil)
			}
			pause = firstPause
		}
		if ctx.Err() != nil {
			return
		}
		if !errors.Is(err, errExpired) {
			m.log("watching %s: %v; trying again in %s", m.path, err, pause)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			pause = min(2*pause, maxPause)
		}
	}
}

// list reads all objects page by page and returns the resourceVersion of the list.
func (m *mirror) list(ctx context.Context) (string, error) {
	m.begin()
	query := clone(m.query)
	query.Set("limit", strconv.Itoa(pageSize))
	for {
		var page struct {
			Metadata metav1.ListMeta   `json:"metadata"`
			Items    []json.RawMessage `json:"items"`
		}
		accept := m.accept
		if accept == onlyMeta {
			accept = onlyMetaList
		}
		err := m.cluster.api.Do(ctx, apiserver.Request{Method: http.MethodGet, Path: m.path, Query: query, Accept: accept}, &page)
		if apiserver.Is(err, http.StatusGone) {
			return "", errExpired
		}
		if err != nil {
			return "", err
		}
		for _, item := range page.Items {
			if err := m.put(item); err != nil {
				return "", err
			}
		}
		if page.Metadata.Continue == "" {
			m.end()
			return page.Metadata.ResourceVersion, nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
}

// errExpired: the resourceVersion is too old, and all objects have to be listed again.
var errExpired = errors.New("the watch has expired")

// watch applies changes from a resourceVersion on until the API server closes the
// connection, and returns the version of the last one.
func (m *mirror) watch(ctx context.Context, version string) (string, error) {
	query := clone(m.query)
	query.Set("watch", "true")
	query.Set("allowWatchBookmarks", "true")
	query.Set("resourceVersion", version)
	query.Set("timeoutSeconds", strconv.Itoa(int(watchTime.Seconds())))
	stream, err := m.cluster.api.Stream(ctx, apiserver.Request{Method: http.MethodGet, Path: m.path, Query: query, Accept: m.accept})
	if apiserver.Is(err, http.StatusGone) {
		return "", errExpired
	}
	if err != nil {
		return "", err
	}
	defer stream.Close()
	for decoder := json.NewDecoder(stream); ; {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := decoder.Decode(&event); errors.Is(err, io.EOF) {
			return version, nil
		} else if err != nil {
			return "", err
		}
		if event.Type == "ERROR" {
			var status metav1.Status
			if json.Unmarshal(event.Object, &status) == nil && status.Code == http.StatusGone {
				return "", errExpired
			}
			return "", fmt.Errorf("the API server ended the watch: %s", status.Message)
		}
		var obj metav1.PartialObjectMetadata
		if err := json.Unmarshal(event.Object, &obj); err != nil {
			return "", err
		}
		version = obj.ResourceVersion
		switch event.Type {
		case "ADDED", "MODIFIED":
			err = m.put(event.Object)
		case "DELETED":
			err = m.gone(event.Object)
		}
		if err != nil {
			return "", err
		}
	}
}

func clone(q url.Values) url.Values {
	out := url.Values{}
	for k, v := range q {
		out[k] = append([]string(nil), v...)
	}
	return out
}
