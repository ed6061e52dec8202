// Package sftp is the type of shares that are a folder of an SFTP server.
//
// The server's host key is always compared with known ones. An upload writes a file
// beside the archive and renames it; a later attempt continues that file. Checksums
// are those of sha256sum on the server, where it runs commands for the user.
package sftp

import (
	"context"
	"maps"
	"net"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// The settings.
const (
	settingHost       = "VAST_SHARE_HOST"
	settingPort       = "VAST_SHARE_PORT"
	settingUser       = "VAST_SHARE_USER"
	settingDir        = "VAST_SHARE_DIR"
	settingPassword   = "VAST_SHARE_PASSWORD"
	settingKey        = "VAST_SHARE_KEY_FILE"
	settingPassphrase = "VAST_SHARE_KEY_PASSPHRASE"
	settingHosts      = "VAST_SHARE_KNOWN_HOSTS"
	settingHostsFile  = "VAST_SHARE_KNOWN_HOSTS_FILE"
	settingTimeout    = "VAST_SHARE_TIMEOUT"
)

const defaultTimeout = time.Minute

// agentSocket is the variable with the path of ssh-agent's socket.
const agentSocket = "SSH_AUTH_SOCK"

// Definition returns the type "sftp".
func Definition() share.Definition {
	return share.Definition{
		Type:        "sftp",
		Description: "a folder of an SFTP server, such as OpenSSH's",
		Settings: []share.Setting{
			{Name: settingHost, Aliases: []string{"ROBOVAST_SFTP_HOST"}, Description: "Name or address of the server", Required: true, Example: "files.example.com", Check: checkHost},
			{Name: settingPort, Aliases: []string{"ROBOVAST_SFTP_PORT"}, Description: "Port of the server", Default: "22", Check: checkPort},
			{Name: settingUser, Aliases: []string{"ROBOVAST_SFTP_USER"}, Description: "User on the server", Required: true, Example: "robot"},
			{Name: settingDir, Aliases: []string{"ROBOVAST_SFTP_REMOTE_DIR"}, Description: "Folder on the server; a relative one begins at the user's home", Default: ".", Example: "/srv/campaigns"},
			{Name: settingPassword, Aliases: []string{"ROBOVAST_SFTP_PASSWORD"}, Description: "Password of the user", Secret: true},
			{Name: settingKey, Aliases: []string{"ROBOVAST_SFTP_KEY_FILE"}, Description: "Private key of the user, in OpenSSH's or PEM format. Without it and without a password ssh-agent is used, but not by uploads", Secret: true, File: true, Example: "~/.ssh/id_ed25519"},
			{Name: settingPassphrase, Description: "Passphrase of the private key", Secret: true},
			{Name: settingHosts, Description: "Line of known_hosts with the server's key", Example: "files.example.com ssh-ed25519 AAAA...", Check: checkHosts},
			{Name: settingHostsFile, Description: "File of known_hosts; without it and without a line ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts are read", File: true, Check: checkHosts},
			{Name: settingTimeout, Default: defaultTimeout.String(), Example: "2m", Check: checkTimeout, Description: "How long no byte may move in a transfer before it is tried again"},
		},
		Check:     check,
		InCluster: inCluster,
		Open: func(_ context.Context, settings share.Settings) (share.ShareProvider, error) {
			return open(settings)
		},
	}
}

func checkHost(value string) error {
	if strings.ContainsAny(value, "/@ \t") || strings.Contains(value, ":") && net.ParseIP(value) == nil {
		return api.Invalid("", "%q is not the name or address of a host, without user, port and path", value)
	}
	return nil
}

func checkPort(value string) error {
	if n, err := strconv.ParseUint(value, 10, 16); err != nil || n == 0 {
		return api.Invalid("", "%q is not a port: a number from 1 to 65535", value)
	}
	return nil
}

func checkTimeout(value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < 100*time.Millisecond || d > 24*time.Hour {
		return api.Invalid("", "%q is not a duration from 100ms to 24h, such as %q", value, "2m")
	}
	return nil
}

// check returns what is wrong with the settings taken together.
func check(settings share.Settings) []api.Problem {
	var problems []api.Problem
	switch _, problem := parseKey(settings); {
	case problem != nil:
		problems = append(problems, *problem)
	case settings[settingKey] == "" && settings[settingPassword] == "" && os.Getenv(agentSocket) == "":
		problems = append(problems, api.Problem{Path: settingKey, Message: "set " + settingKey + " or " + settingPassword + ", or start ssh-agent"})
	}
	return problems
}

// inCluster adds the lines of the workstation's known_hosts that concern the server.
func inCluster(settings share.Settings) (share.Settings, []api.Problem) {
	all := maps.Clone(settings)
	var problems []api.Problem
	if all[settingKey] == "" && all[settingPassword] == "" {
		problems = append(problems, api.Problem{Path: settingKey, Message: "set " + settingKey + " or " + settingPassword + ": the keys of ssh-agent cannot be used in the cluster"})
	}
	text, err := knownHosts(settings)
	var lines []string
	if err == nil {
		lines, err = text.concerning(address(settings))
	}
	if err != nil {
		return all, append(problems, api.Problem{Path: settingHosts, Message: err.Error()})
	}
	if len(lines) == 0 {
		problems = append(problems, api.Problem{Path: settingHosts, Message: "no key of the host \"" + address(settings) + "\" is known; set " + settingHosts + " to its line of known_hosts, which ssh-keyscan prints"})
	}
	all[settingHosts] = strings.Join(lines, "\n")
	delete(all, settingHostsFile)
	return all, problems
}

// address returns "host:port".
func address(settings share.Settings) string {
	port := settings[settingPort]
	if port == "" {
		port = "22"
	}
	return net.JoinHostPort(settings[settingHost], port)
}

func folder(settings share.Settings) string {
	if dir := settings[settingDir]; dir != "" {
		return path.Clean(dir)
	}
	return "."
}

// parseKey returns the private key of the settings, nil if there is none.
func parseKey(settings share.Settings) (ssh.Signer, *api.Problem) {
	pem, phrase := settings[settingKey], settings[settingPassphrase]
	if pem == "" {
		return nil, nil
	}
	signer, err := ssh.ParsePrivateKey([]byte(pem))
	if _, encrypted := errorAs[*ssh.PassphraseMissingError](err); !encrypted {
		if err != nil {
			return nil, &api.Problem{Path: settingKey, Message: "the file is not a private key in OpenSSH's or PEM format"}
		}
		return signer, nil
	}
	if phrase == "" {
		return nil, &api.Problem{Path: settingPassphrase, Message: "the private key is encrypted; set " + settingPassphrase}
	}
	if signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(pem), []byte(phrase)); err != nil {
		return nil, &api.Problem{Path: settingPassphrase, Message: "the passphrase does not decrypt the private key"}
	}
	return signer, nil
}
