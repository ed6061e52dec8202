package walls_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

// canary is a text that must not be seen, and all the ways to write it.
type canary struct {
	text  string
	forms []form
}

type form struct{ name, text string }

// newCanary makes a text that is nowhere else.
func newCanary() canary { return canaryOf("canary" + rand.Text()) }

// canaryOf is a secret that is there already, such as a generated key.
func canaryOf(secret string) canary {
	forms := []form{
		{"as it is", secret}, {"as JSON", quoted(secret, true)}, {"as JSON", quoted(secret, false)},
		{"hex", hex.EncodeToString([]byte(secret))}, {"hex", strings.ToUpper(hex.EncodeToString([]byte(secret)))},
		{"in a URL", url.QueryEscape(secret)}, {"in a URL", url.PathEscape(secret)},
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		// A text looks different by where it begins, and what is around it
		// changes the digits at its ends: these are left out.
		for offset := range 3 {
			digits := encoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + secret))
			from, to := (offset*8+5)/6, (offset+len(secret))*8/6
			forms = append(forms, form{"base64", digits[from:to]})
		}
	}
	return canary{text: secret, forms: forms}
}

// quoted is what stands between the quotation marks of a JSON string.
func quoted(s string, escapeHTML bool) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(escapeHTML)
	_ = encoder.Encode(s) // a string always can be
	return strings.TrimSuffix(strings.TrimPrefix(out.String(), `"`), "\"\n")
}

// String is the text.
func (c canary) String() string { return c.text }

// seenIn names a way in which the canary is in a text; none is empty.
func (c canary) seenIn(text string) string {
	for _, form := range c.forms {
		if strings.Contains(text, form.text) {
			return form.name
		}
	}
	return ""
}
