package share

import "fmt"

// Values of Uploaded.Verified that are no kinds of checksums.
const (
	sizeOnly = "size only"
	nothing  = "nothing"
)

// verify compares an object with what it must be. kind is the best of the
// checksums that both have.
func verify(o Object, size int64, want Checksums) (kind string, err error) {
	kind = nothing
	if o.Size >= 0 {
		kind = sizeOnly
		if o.Size != size {
			return kind, fmt.Errorf("it has %d bytes on the share, not %d", o.Size, size)
		}
	}
	for _, sum := range []struct{ kind, has, want string }{
		{"crc32c", o.Checksums.CRC32C, want.CRC32C}, {"md5", o.Checksums.MD5, want.MD5}, {"sha256", o.Checksums.SHA256, want.SHA256},
	} {
		if sum.has == "" || sum.want == "" {
			continue
		}
		kind = sum.kind
		if sum.has != sum.want {
			return kind, fmt.Errorf("its %s on the share is %s, not %s", kind, sum.has, sum.want)
		}
	}
	return kind, nil
}

// byChecksum reports whether verify has compared a checksum.
func byChecksum(kind string) bool { return kind != sizeOnly && kind != nothing }

// merged returns the object with what a second report of it adds.
func (o Object) merged(other Object) Object {
	if o.Size < 0 {
		o.Size = other.Size
	}
	if o.Modified.IsZero() {
		o.Modified = other.Modified
	}
	for _, sum := range []struct {
		have  *string
		other string
	}{
		{&o.Checksums.SHA256, other.Checksums.SHA256}, {&o.Checksums.MD5, other.Checksums.MD5},
		{&o.Checksums.CRC32C, other.Checksums.CRC32C}, {&o.Validator, other.Validator},
	} {
		if *sum.have == "" {
			*sum.have = sum.other
		}
	}
	return o
}

// changed reports whether an object is certainly another version than before.
func changed(before, now Object) bool {
	if before.Validator != "" && now.Validator != "" {
		return before.Validator != now.Validator
	}
	return before.Size >= 0 && now.Size >= 0 && before.Size != now.Size ||
		!before.Modified.IsZero() && !now.Modified.IsZero() && !before.Modified.Equal(now.Modified)
}
