package inputs

import (
	"fmt"
	"path/filepath"
	"strings"
)

// storage finds what the long form of a file mount names: SkyPilot's storage
// object. Only copies can be had: nothing of a bucket is mounted.
func (f *finder) storage(m mount, o map[string]any) []source {
	text := func(key string) string { s, _ := o[key].(string); return s }
	mode := strings.ToUpper(text("mode"))
	if mode == "" {
		mode = "MOUNT, the default,"
	}
	if mode != "COPY" {
		f.problem(m.field, m.at, fmt.Sprintf("mode %s is not supported: buckets are not mounted into pods; "+
			"write mode: COPY to have it copied before the task starts, and keep what the task writes with $OUTPUT_DIR, outputs or volumes", mode))
		return nil
	}
	switch from := o["source"].(type) {
	case string:
		if from != "" {
			return f.source(m, strings.TrimSuffix(from, "/"))
		}
	case []any:
		if len(from) > 0 {
			return f.list(m, from)
		}
	}
	return f.bucket(m, text("name"), strings.ToLower(text("store")))
}

// list finds local paths that go into one folder, each under its own name.
func (f *finder) list(m mount, from []any) []source {
	var out []source
	seen := map[string]bool{}
	for i, entry := range from {
		at := m
		at.field = fmt.Sprintf("%s.source[%d]", m.field, i)
		text, _ := entry.(string)
		if text == "" || scheme.MatchString(text) {
			f.problem(at.field, at.at, "a list of sources holds local paths only; give a bucket a file mount of its own")
			continue
		}
		s := f.localSource(at, text)
		if s.local == "" {
			continue // reported already
		}
		if s.to = filepath.Base(s.local); seen[s.to] {
			f.problem(at.field, at.at, fmt.Sprintf("two sources are called %s", f.quote(s.to)))
		}
		seen[s.to] = true
		out = append(out, s)
	}
	return out
}

// bucket is a storage object that only has a name: that of a bucket.
func (f *finder) bucket(m mount, name, store string) []source {
	switch {
	case name == "":
		f.problem(m.field, m.at, "there is nothing to copy: give a source")
	case store == "s3":
		return f.uri(m, "s3://"+name, "s3")
	case store == "gcs":
		return f.uri(m, "gs://"+name, "gs")
	case store == "":
		f.problem(m.field, m.at, fmt.Sprintf("it is not said where the bucket %s is: write store: s3 or store: gcs, or source: s3://...", f.quote(name)))
	default:
		f.problem(m.field, m.at, fmt.Sprintf("buckets of %s are not supported: those of s3 and gcs are", store))
	}
	return nil
}
