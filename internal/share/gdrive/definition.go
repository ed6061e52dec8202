// Package gdrive stores archives in a folder of Google Drive, as a service account, by
// the Drive API v3 (https://developers.google.com/workspace/drive/api/reference/rest/v3).
package gdrive

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/kubevast/vast/internal/share/google"
	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// The names of the settings.
const (
	folderSetting   = "VAST_SHARE_URL"
	keySetting      = "VAST_SHARE_KEY_FILE"
	endpointSetting = "VAST_SHARE_ENDPOINT"
)

// endpoint is the address of the API.
const endpoint = "https://www.googleapis.com"

// The scope allows to use files that others have created, such as the folder.
var scopes = []string{"https://www.googleapis.com/auth/drive"}

// Definition returns the type gdrive.
func Definition() share.Definition {
	return share.Definition{
		Type:        "gdrive",
		Description: "a folder of Google Drive, in a Shared Drive",
		Settings: append([]share.Setting{
			{Name: folderSetting, Aliases: []string{"ROBOVAST_SHARE_URL"}, Required: true, Example: "https://drive.google.com/drive/folders/1AbCdEfGhIjKlMnOpQrStUvWxYz", Check: checkFolder,
				Description: "Address or id of the folder, which has to be in a Shared Drive for uploads"},
			{Name: keySetting, Aliases: []string{"ROBOVAST_GDRIVE_SERVICE_ACCOUNT_JSON"}, Required: true, Secret: true, File: true, Example: "~/key.json", Check: google.CheckKey,
				Description: "File with the key of a service account in JSON; the folder or its Shared Drive has to be shared with the account"},
			{Name: endpointSetting, Default: endpoint, Example: "http://localhost:8080", Check: google.CheckEndpoint,
				Description: "Address of the API, such as that of a private endpoint or of an emulator"},
		}, transport.Settings()...),
		Open: open,
	}
}

func open(_ context.Context, settings share.Settings) (share.ShareProvider, error) {
	id, resourceKey, err := parseFolder(settings[folderSetting])
	if err != nil {
		return nil, api.Invalid(folderSetting, "%v", err)
	}
	if settings[keySetting] == "" {
		return nil, api.Invalid(keySetting, "is not set")
	}
	at := settings[endpointSetting]
	if at == "" {
		at = endpoint
	}
	o := transport.FromSettings(settings)
	o.Setting = endpointSetting
	client, err := google.New(google.Options{Endpoint: strings.TrimRight(at, "/"), Key: settings[keySetting], Scopes: scopes, Transport: o})
	if err != nil {
		return nil, err
	}
	p := &provider{client: client, folder: id}
	if resourceKey != "" {
		p.resourceKey = id + "/" + resourceKey
	}
	return p, nil
}

var (
	// validID is the form of ids, which begins with "0A" for a Shared Drive itself.
	validID = regexp.MustCompile(`^[A-Za-z0-9_-]{10,100}$`)
	// inPath is a folder's id in an address, of a link or of a browser's tab.
	inPath = regexp.MustCompile(`^/(?:drive/)?(?:u/[0-9]+/)?folders/([A-Za-z0-9_-]{10,100})/?$`)
)

// parseFolder returns the id of a folder from its address or from itself, and the resource
// key that the address may have. The address may be an older one ("/open?id=...").
func parseFolder(value string) (id, resourceKey string, err error) {
	if validID.MatchString(value) {
		return value, "", nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Host != "drive.google.com" {
		return "", "", errors.New(`must be the address of a folder, which begins with "https://drive.google.com/drive/folders/", or its id`)
	}
	if found := inPath.FindStringSubmatch(u.Path); found != nil {
		return found[1], u.Query().Get("resourcekey"), nil
	}
	if id := u.Query().Get("id"); (u.Path == "/open" || u.Path == "/folderview") && validID.MatchString(id) {
		return id, u.Query().Get("resourcekey"), nil
	}
	return "", "", errors.New(`is the address of something else in Google Drive; that of a folder is needed, which begins with "https://drive.google.com/drive/folders/"`)
}

func checkFolder(value string) error {
	_, _, err := parseFolder(value)
	return err
}
