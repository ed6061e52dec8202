package rootfs

import (
	"slices"
	"testing"
)

func TestFromList(t *testing.T) {
	got := fromList(`
# deb http://commented.example/debian bookworm main
deb [signed-by=/k.gpg arch=amd64] http://mirror.example/debian bookworm main contrib
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/security bookworm-security main # trailing
deb https://vendor.example/linux bookworm stable
deb https://vendor.example/pg bookworm-pgdg main
deb https://vendor.example/sdk sdk-bookworm main
`, "bookworm")
	want := []string{
		"deb http://mirror.example/debian bookworm main",
		"deb http://mirror.example/security bookworm-security main",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestFromStanzas(t *testing.T) {
	got := fromStanzas(`Types: deb deb-src
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://vendor.example/node
Suites: nodistro
Components: main

Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
Enabled: no
`, "trixie")
	want := []string{
		"deb http://mirror.example/debian bookworm main",
		"deb http://mirror.example/debian bookworm-updates main",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
