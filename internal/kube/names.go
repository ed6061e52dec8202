// Package kube has the rules for every object of ours: names, labels,
// annotations, and references to objects.
package kube

import (
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

const (
	// IDLength is the length of a task's id.
	IDLength   = 8
	idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// NewID returns a fresh random id: IDLength characters of [a-z0-9].
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return encodeID(b[:])
}

// DerivedID returns the id that belongs to these parts: the same for the same
// parts, so that a request that is repeated meets its own task.
func DerivedID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return encodeID(sum[:16])
}

// RunID is the id of the Job of a campaign's run that has a Job of its own.
func RunID(campaign, config string, run int) string {
	return DerivedID(campaign, config, strconv.Itoa(run))
}

// PackedID is the id of a campaign's Job that several runs are packed into; such
// Jobs count from 0. No configuration has such a name.
func PackedID(campaign string, number int) string {
	return DerivedID(campaign, "_jobs", strconv.Itoa(number))
}

func encodeID(b []byte) string {
	n, base := new(big.Int).SetBytes(b), big.NewInt(int64(len(idAlphabet)))
	id, digit := make([]byte, IDLength), new(big.Int)
	for i := range id {
		n.DivMod(n, base, digit)
		id[i] = idAlphabet[digit.Int64()]
	}
	return string(id)
}

// maxName leaves room for what Kubernetes and we append to a Job's name: the
// pod's host name is <job>-<rank> and may have 63 characters.
const maxName = 63 - len("-99999")

// JobName returns "<name>-<id>" as a DNS label that begins with a letter (a
// Service of that name must). Of a name that is too long the middle is cut
// out and a hash put in, so that both ends stay readable.
func JobName(name, id string) string {
	return DNSLabel(name, "task", maxName-1-len(id)) + "-" + id
}

// DNSLabel turns any text into a DNS label of at most limit characters that
// begins with a letter: lower case, other characters become '-'. If nothing
// is left, fallback is returned. It need not be injective: the id behind it
// distinguishes tasks, and the exact name is in an annotation.
func DNSLabel(s, fallback string, limit int) string {
	lower := strings.ToLower(s)
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, lower)
	clean = strings.Trim(clean, "-")
	if clean == "" {
		clean = fallback
	}
	if c := clean[0]; c >= '0' && c <= '9' {
		clean = "t-" + clean
	}
	if len(clean) <= limit {
		return clean
	}
	return cutMiddle(clean, shortHash(s)[:6], limit)
}

// cutMiddle shortens s to limit characters, with hash in place of its middle.
func cutMiddle(s, hash string, limit int) string {
	keep := limit - len(hash) - 2
	head := (keep + 1) / 2
	tail := keep - head
	return strings.TrimRight(s[:head], "-") + "-" + hash + "-" + strings.TrimLeft(s[len(s)-tail:], "-")
}

// campaignID is what the id of a campaign looks like: <name>-YYYY-MM-DD-HHMMSS,
// with two more digits where there were several within a second.
var campaignID = regexp.MustCompile(`^(.+)-\d{4}-\d{2}-\d{2}-\d{6,}$`)

// CampaignName is the name in the id of a campaign, empty for what is no whole id.
func CampaignName(id string) string {
	if m := campaignID.FindStringSubmatch(id); m != nil {
		return m[1]
	}
	return ""
}

// IsTaskID reports what looks like the whole id of a task.
func IsTaskID(s string) bool {
	return len(s) == IDLength && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}
