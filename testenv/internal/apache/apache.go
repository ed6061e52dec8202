// Package apache has the configuration of Debian's Apache as a WebDAV server of one folder,
// for the tests of shares.
package apache

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"os"
)

const (
	// Program is the server's, which Package of Debian has.
	Program = "apache2"
	Package = "apache2-bin"
	// Passwords is the name of the file with those who may use the share.
	Passwords = "passwords"
)

// config serves a folder as %[3]s. The lines %[4]s say where. LimitRequestBody is 1 GiB where it is
// not set.
const config = `
ServerRoot %[1]s
ServerName localhost
Listen %[2]s
PidFile %[1]s/pid
DefaultRuntimeDir %[1]s
ErrorLog /dev/stderr
LogLevel error
%[5]s
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule dav_module /usr/lib/apache2/modules/mod_dav.so
LoadModule dav_fs_module /usr/lib/apache2/modules/mod_dav_fs.so
LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so
StartServers 1
ServerLimit 2
ThreadsPerChild 32
MaxRequestWorkers 64
Timeout 120
LimitRequestBody 0
DavLockDB %[1]s/locks
DocumentRoot %[1]s
<Directory />
  Require all denied
</Directory>
<Directory %[1]s>
  Require all granted
</Directory>
<Directory %[3]s>
  Require all granted
</Directory>
%[4]s
`

const share = `
Alias /dav %[1]s
Alias /login %[2]s
<Location /dav>
  Dav On
  AuthType Basic
  AuthName share
  AuthUserFile %[2]s/` + Passwords + `
  Require valid-user
</Location>
RewriteEngine On
RewriteRule ^/moved/(.*)$ /dav/$1 [R=301,L]
`

// Config returns a configuration that serves dir at an address. Own is a folder for the
// server's own files. Lines, such as those of Share, say at which path dir is. A server that
// root starts serves as www-data, which must be able to write to both folders.
func Config(own, address, dir, lines string) string {
	user := ""
	if os.Geteuid() == 0 {
		user = "User www-data\nGroup www-data"
	}
	return fmt.Sprintf(config, own, address, dir, lines, user)
}

// Share returns lines for a share at /dav, for those in the file Passwords of own. What is
// below /moved is redirected to it.
func Share(own, dir string) string { return fmt.Sprintf(share, dir, own) }

// PasswordLine returns a line of the file Passwords.
func PasswordLine(user, password string) string {
	sum := sha1.Sum([]byte(password))
	return user + ":{SHA}" + base64.StdEncoding.EncodeToString(sum[:]) + "\n"
}

// Args returns the arguments that run the server in the foreground with a file of Config.
func Args(own, file string) []string { return []string{"-d", own, "-f", file, "-DFOREGROUND"} }
