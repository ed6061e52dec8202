package store

import (
	"crypto/md5" // against accidents on the way, not against people
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
)

// digest is what a request says of its content, for the store to hold it against.
// Not every store looks at the same one: rclone at the MD5 only.
type digest struct {
	sha256 string // in hex
	md5    string // in base64, as the header Content-MD5 has it
}

// digester makes a digest of what is written to it.
type digester struct {
	io.Writer
	sha256, md5 hash.Hash
}

func newDigester() *digester {
	d := &digester{sha256: sha256.New(), md5: md5.New()} // said above
	d.Writer = io.MultiWriter(d.sha256, d.md5)
	return d
}

func (d *digester) digest() digest {
	return digest{sha256: sum(d.sha256), md5: base64.StdEncoding.EncodeToString(d.md5.Sum(nil))}
}

func digestOf(content []byte) digest {
	d := newDigester()
	_, _ = d.Write(content) // a hash takes everything
	return d.digest()
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func sumOf(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}
