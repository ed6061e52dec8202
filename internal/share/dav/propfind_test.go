package dav

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/share"
)

const listing = `<?xml version="1.0"?>
<D:multistatus xmlns:D="DAV:" xmlns:s="http://sabredav.org/ns">
<D:response><D:href>/dav/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
<D:response><D:href>http://host/dav/a%20b%252F.tar.gz</D:href><D:propstat><D:prop><D:getcontentlength>12</D:getcontentlength><D:getetag>"1"</D:getetag><D:resourcetype/><D:getlastmodified>Fri, 02 Jan 2026 03:04:05 GMT</D:getlastmodified></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><D:getetag>"no"</D:getetag></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>
<D:response><D:href>/dav/gone</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>
<D:response><D:href>/dav/weak</D:href><D:propstat><D:prop><D:getetag>W/"2"</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
</D:multistatus>`

func entries(body io.Reader) (all []string, err error) {
	err = multistatus(body, func(e Entry) bool {
		all = append(all, strings.TrimSpace(strings.Join([]string{e.Name, map[bool]string{true: "folder"}[e.Folder], e.Validator}, " ")))
		return true
	})
	return all, err
}

func TestAListingHasTheEntriesWhosePropertiesWereFound(t *testing.T) {
	got, err := entries(strings.NewReader(listing))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"dav folder", `a b%2F.tar.gz  "1"`, "weak"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAListingThatIsCutAnywhereIsAnError cuts at each byte before the last.
func TestAListingThatIsCutAnywhereIsAnError(t *testing.T) {
	for i := range len(listing) - 1 {
		_, err := entries(strings.NewReader(listing[:i]))
		var temporary *share.TemporaryError
		if !errors.As(err, &temporary) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
}

func TestAListingThatIsNoneIsAnError(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "a page": "<html><body>hello</body></html>", "another root": "<D:x xmlns:D='DAV:'><D:multistatus/></D:x>",
		"an entity": `<!DOCTYPE x [<!ENTITY a "aaaa">]><D:multistatus xmlns:D="DAV:"><D:response><D:href>&a;</D:href></D:response></D:multistatus>`,
	} {
		if got, err := entries(strings.NewReader(text)); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestOneFileOfAListingIsBounded reads an element that does not end.
func TestOneFileOfAListingIsBounded(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`<D:multistatus xmlns:D="DAV:"><D:response><D:href>`), repeated('a'))
	if _, err := entries(endless); err == nil {
		t.Error("there is no error")
	}
}

type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}
