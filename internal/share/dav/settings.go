package dav

import (
	"fmt"

	"github.com/kubevast/vast/sdk/share"
)

const verifySetting = "VAST_SHARE_VERIFY"

// The values of the setting.
const (
	verifySize    = "size"
	verifyContent = "content"
)

// VerifySetting describes the setting that Options.ReadBack comes from.
func VerifySetting() share.Setting {
	return share.Setting{Name: verifySetting, Default: verifySize, Example: verifyContent, Check: checkVerify,
		Description: `What an upload is verified by where the server has no checksums: "size", or "content" to download it again`}
}

// ReadBack reports whether an upload is to be downloaded again.
func ReadBack(s share.Settings) bool { return s[verifySetting] == verifyContent }

func checkVerify(value string) error {
	if value != verifySize && value != verifyContent {
		return fmt.Errorf("%q is not one of %q and %q", value, verifySize, verifyContent)
	}
	return nil
}
