package layout

import (
	"encoding/json"
	"unicode/utf8"
)

// JSON has no form for bytes that are not UTF-8. A text of such bytes is stored
// with replacement characters, and its bytes in Base64 beside it.

// exact is the bytes of a text that JSON cannot hold, nil of any other.
func exact(s string) []byte {
	if utf8.ValidString(s) {
		return nil
	}
	return []byte(s)
}

// original is the text of which exact made bytes.
func original(s string, b []byte) string {
	if b == nil {
		return s
	}
	return string(b)
}

type (
	plainFile File
	fileJSON  struct {
		plainFile
		PathBytes []byte `json:"pathBytes,omitempty"`
		LinkBytes []byte `json:"linkBytes,omitempty"`
	}
	plainMissing Missing
	missingJSON  struct {
		plainMissing
		PathBytes []byte `json:"pathBytes,omitempty"`
	}
)

// MarshalJSON implements json.Marshaler.
func (f File) MarshalJSON() ([]byte, error) {
	return json.Marshal(fileJSON{plainFile(f), exact(f.Path), exact(f.Link)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *File) UnmarshalJSON(data []byte) error {
	var j fileJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*f = File(j.plainFile)
	f.Path, f.Link = original(j.Path, j.PathBytes), original(j.Link, j.LinkBytes)
	return nil
}

// MarshalJSON implements json.Marshaler.
func (m Missing) MarshalJSON() ([]byte, error) {
	return json.Marshal(missingJSON{plainMissing(m), exact(m.Path)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Missing) UnmarshalJSON(data []byte) error {
	var j missingJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*m = Missing(j.plainMissing)
	m.Path = original(j.Path, j.PathBytes)
	return nil
}
