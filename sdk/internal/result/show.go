package result

import (
	"context"
	"unicode/utf8"

	"github.com/kubevast/vast/sdk/api"
)

// Get returns what is stored of ref, with all files. ref must not be empty.
func (c *Client) Get(ctx context.Context, ref string, o api.ResultGetOptions) (*api.ResultList, error) {
	if ref == "" {
		return nil, errNoRef()
	}
	wanted := api.ResultListOptions{Ref: ref, ResultSelector: o.ResultSelector}
	if err := check(wanted); err != nil {
		return nil, err
	}
	s, done, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	units, err := s.find(ctx, wanted, always)
	if err == nil {
		err = s.readLongPaths(ctx, units)
	}
	list := &api.ResultList{TypeMeta: api.TypeMeta[api.ResultList](), Items: []api.Result{}}
	for _, u := range units {
		r := u.result(c.conn.Namespace)
		r.Entries = u.entries()
		list.Items = append(list.Items, r)
	}
	return list, err
}

// entries are the files of a unit, and those that could not be kept.
func (u *unit) entries() []api.ResultFile {
	entries := []api.ResultFile{}
	for _, f := range u.files(false) {
		e := api.ResultFile{Path: f.name, Size: f.size, SHA256: f.sha256}
		switch {
		case f.dir:
			e.Path += "/"
		case f.link != "":
			e.Path += " -> " + f.link
		}
		e.PathBytes = exact(e.Path)
		entries = append(entries, e)
	}
	if u.inventory != nil {
		for _, m := range u.inventory.Missing {
			entries = append(entries, api.ResultFile{Path: m.Path, PathBytes: exact(m.Path), Missing: m.Reason})
		}
	}
	return entries
}

// exact is what JSON cannot hold of a path, nil where it can.
func exact(path string) []byte {
	if utf8.ValidString(path) {
		return nil
	}
	return []byte(path)
}
