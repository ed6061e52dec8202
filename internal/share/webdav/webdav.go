// Package webdav is the type of shares on a WebDAV server with a user and a password, or a
// token.
package webdav

import (
	"context"
	"encoding/base64"
	"net/http"

	"github.com/kubevast/vast/internal/share/dav"
	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	urlSetting      = "VAST_SHARE_URL"
	userSetting     = "VAST_SHARE_USER"
	passwordSetting = "VAST_SHARE_PASSWORD"
	tokenSetting    = "VAST_SHARE_TOKEN"
)

// Definition returns the type "webdav".
func Definition() share.Definition {
	return share.Definition{
		Type:        "webdav",
		Description: "a folder on a WebDAV server",
		Settings: append([]share.Setting{
			{Name: urlSetting, Aliases: []string{"ROBOVAST_WEBDAV_URL"}, Required: true, Example: "https://dav.example.org/results/",
				Description: "URL of the folder", Check: checkURL},
			{Name: userSetting, Aliases: []string{"ROBOVAST_WEBDAV_USER"}, Example: "alice", Description: "Name of the user"},
			{Name: passwordSetting, Aliases: []string{"ROBOVAST_WEBDAV_PASSWORD"}, Secret: true, Description: "Password of the user"},
			{Name: tokenSetting, Secret: true, Description: "Bearer token, in place of a user and a password"},
			dav.VerifySetting(),
		}, transport.Settings()...),
		Check: check,
		Open:  open,
	}
}

func checkURL(value string) error {
	_, err := transport.ParseURL(value)
	return err
}

// check returns the problems of the credentials.
func check(s share.Settings) (problems []api.Problem) {
	add := func(setting, message string) {
		problems = append(problems, api.Problem{Path: setting, Message: message})
	}
	user, password, token := s[userSetting], s[passwordSetting], s[tokenSetting]
	switch {
	case token != "" && (user != "" || password != ""):
		add(tokenSetting, "is set together with "+userSetting+" or "+passwordSetting+"; one of the two is used")
	case token != "":
	case user == "" && password == "":
		add(userSetting, "is not set; "+userSetting+" and "+passwordSetting+", or "+tokenSetting+", are required")
	case user == "":
		add(userSetting, "is not set, but "+passwordSetting+" is")
	case password == "":
		add(passwordSetting, "is not set, but "+userSetting+" is")
	}
	return problems
}

// open returns the provider. It sends no requests.
func open(_ context.Context, s share.Settings) (share.ShareProvider, error) {
	root, err := transport.ParseURL(s[urlSetting])
	if err != nil {
		return nil, api.Invalid(urlSetting, "%v", err)
	}
	if problems := check(s); len(problems) > 0 {
		return nil, &api.InvalidSpecError{Problems: problems}
	}
	o := transport.FromSettings(s)
	user, password, token := s[userSetting], s[passwordSetting], s[tokenSetting]
	o.Secrets = []string{token, password, base64.StdEncoding.EncodeToString([]byte(user + ":" + password))}
	o.Authorize = func(r *http.Request) {
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		} else {
			r.SetBasicAuth(user, password)
		}
	}
	client, err := transport.New(o)
	if err != nil {
		return nil, err
	}
	return dav.New(dav.Options{Type: "webdav", Client: client, Root: root, Setting: urlSetting, ReadBack: dav.ReadBack(s)}), nil
}
