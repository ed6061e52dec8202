// Package redact takes credentials out of URLs before they are shown or stored:
// names and passwords in front of the host, and query parameters, by which signed
// URLs and tokens are given. It works on the text as it is, so that what no parser
// takes is covered too, and hides rather too much than too little.
package redact

import (
	"regexp"
	"strings"
)

// Hidden replaces what was removed.
const Hidden = "***"

// URL returns a URL, or a repository as ssh takes it ("git@host:path"), without
// credentials. The user of an ssh URL stays unless a password follows it; that of
// any other is hidden, since many a token is given as the user. "name://..." is
// always read as a URL, never as a user "name" whose password begins with "//".
func URL(text string) string {
	scheme, rest := "", text
	if at := opening.FindStringIndex(text); at != nil {
		scheme, rest = text[:at[1]], text[at[1]:]
	}
	if strings.Contains(scheme, "%") {
		return scheme + Hidden // escaped as a whole: where its parts end is anybody's guess
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && (scheme != "" || rest[i] != '/') {
		end = i
	}
	at := strings.LastIndexByte(rest, '@')
	switch {
	case at < 0:
	case at < end:
		user := rest[:at]
		if scheme != "" && !strings.EqualFold(scheme, "ssh://") || strings.ContainsAny(user, ":%") {
			user = Hidden
		}
		rest = user + rest[at:]
	case strings.Contains(rest[:at], ":"):
		// A password may hold what ends a host. Or there is a port, and the
		// "@" belongs to the path; both are possible.
		return scheme + Hidden
	case strings.Contains(rest[:end], "@"):
		// One more is in the path.
		return URL(scheme+rest[:end]) + withoutQuery(rest[end:])
	}
	return scheme + withoutQuery(rest)
}

// opening begins a URL, escaped or not.
var opening = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]*(://|%3a%2f%2f|:%2f%2f)`)

func withoutQuery(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		return text[:i+1] + Hidden
	}
	return text
}

var (
	// within is a URL in a text.
	within = regexp.MustCompile("(?i)[a-z][a-z0-9+.-]*(?:://|%3a%2f%2f|:%2f%2f)[^\\s\"'<>`]*")
	// login is "user:password@host" without a scheme, at the beginning of a word: a
	// name such as that of a context ("gke_lab/eu:one@two") has this form within.
	// Nor is it the digest of an image ("name:tag@sha256:...").
	login = regexp.MustCompile(`(^|[\s"'<>=(])([^\s"'<>=(/@:]+:[^\s"'<>/@]+)@[^\s"'<>]+`)
	// host is the part after the scheme of a URL without credentials.
	host = regexp.MustCompile(`^(\[[^\]]*\]|[^:@/?#]*)(:[0-9]+:?)?([/?#]|[.,;)]*$)`)
	// digest is what an image's name may end with.
	digest = regexp.MustCompile(`@sha(256|512):[0-9a-f]+[.,;:)]*$`)
)

// Text returns a text, such as an error, without the credentials of the URLs in
// it.
func Text(text string) string {
	var out strings.Builder
	for {
		at := within.FindStringIndex(text)
		if at == nil {
			break
		}
		out.WriteString(logins(text[:at[0]]))
		url := text[at[0]:at[1]]
		behind := url[opening.FindStringIndex(url)[1]:]
		if !strings.Contains(behind, "@") && !host.MatchString(behind) {
			// A password with a blank or a quote in it: it ends at the last "@"
			// of the line.
			line, _, _ := strings.Cut(text[at[0]:], "\n")
			if last := strings.LastIndexByte(line, '@'); last >= 0 {
				at[1] = at[0] + last + 1
				url = url[:opening.FindStringIndex(url)[1]]
				out.WriteString(url + Hidden + "@")
				text = text[at[1]:]
				continue
			}
		}
		out.WriteString(URL(url))
		text = text[at[1]:]
	}
	out.WriteString(logins(text))
	return out.String()
}

func logins(text string) string {
	return login.ReplaceAllStringFunc(text, func(found string) string {
		if digest.MatchString(found) {
			return found
		}
		return login.FindStringSubmatch(found)[1] + Hidden + found[strings.LastIndexByte(found, '@'):]
	})
}
