// Package nextcloud is the type of shares that are the public link of a Nextcloud folder.
package nextcloud

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/kubevast/vast/internal/share/dav"
	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	urlSetting      = "VAST_SHARE_URL"
	passwordSetting = "VAST_SHARE_PASSWORD"
	chunkSetting    = "VAST_SHARE_CHUNK_MIB"
)

// Definition returns the type "nextcloud".
func Definition() share.Definition {
	return share.Definition{
		Type:        "nextcloud",
		Description: "the public link of a Nextcloud folder",
		Settings: append([]share.Setting{
			// The link is a credential: who has it has the folder.
			{Name: urlSetting, Aliases: []string{"ROBOVAST_SHARE_URL"}, Required: true, Secret: true, Example: "https://cloud.example.org/s/AbCdEf123",
				Description: "Public link of a folder that may be edited", Check: checkURL},
			{Name: passwordSetting, Secret: true, Description: "Password of the link, if it has one"},
			{Name: chunkSetting, Default: "32", Example: "90", Check: checkChunk,
				Description: "Size of a chunk in MiB, where the server takes uploads in chunks"},
			dav.VerifySetting(),
		}, transport.Settings()...),
		Open: open,
	}
}

// link is a public link.
type link struct {
	// base is the URL of the installation, with a slash at its end.
	base  *url.URL
	token string
}

// validToken is a token as Nextcloud generates it, or as it may be chosen by the user.
var validToken = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// parseLink reads "https://host/s/TOKEN". A folder of the installation and "index.php" may
// stand before the "s".
func parseLink(value string) (link, error) {
	u, err := transport.ParseURL(value)
	if err != nil {
		return link{}, err
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	at := strings.LastIndex(path, "/s/")
	if at < 0 || !validToken.MatchString(path[at+len("/s/"):]) {
		return link{}, errors.New(`is not a public link, which ends with "/s/" and a token`)
	}
	base := strings.TrimSuffix(path[:at], "/index.php") + "/"
	root := *u
	if root.Path, err = url.PathUnescape(base); err != nil {
		return link{}, errors.New("is not a URL")
	}
	root.RawPath = base
	return link{base: &root, token: path[at+len("/s/"):]}, nil
}

// below returns the URL of a folder of the installation.
func (l link) below(path string) *url.URL {
	u := *l.base
	u.RawPath, u.Path = u.RawPath+path, u.Path+path
	return &u
}

func checkURL(value string) error {
	_, err := parseLink(value)
	return err
}

// checkChunk accepts what a server does, with 5 MB to 5 GB.
func checkChunk(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 5 || n > 4768 {
		return fmt.Errorf("%q is not a number from 5 to 4768", value)
	}
	return nil
}

// open returns the provider. It sends no requests.
func open(_ context.Context, s share.Settings) (share.ShareProvider, error) {
	l, err := parseLink(s[urlSetting])
	if err != nil {
		return nil, api.Invalid(urlSetting, "%v", err)
	}
	p := &provider{link: l, password: s[passwordSetting], readBack: dav.ReadBack(s), chunkSize: defaultChunk}
	if n, err := strconv.ParseInt(s[chunkSetting], 10, 64); err == nil {
		p.chunkSize = n << 20
	}
	o := transport.FromSettings(s)
	o.Secrets = []string{l.token, p.password}
	o.Authorize = p.authorize
	if p.client, err = transport.New(o); err != nil {
		return nil, err
	}
	return p, nil
}
