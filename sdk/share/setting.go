package share

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Setting describes one setting of a provider.
type Setting struct {
	// Name of the variable: "VAST_SHARE_URL".
	Name string
	// Aliases are other names of the variable, which are read where Name is not set.
	Aliases []string
	// Description is one line without a full stop, for help and for messages about a missing value.
	Description string
	// Required: it must be set, or for uploads only.
	Required, RequiredForUpload bool
	// Secret: its value is a credential, or contains one. It is never printed.
	Secret bool
	// File: its value is the path of a file, whose content the provider gets instead.
	// The path may begin with "~/". A value that begins with "{" or
	// "-----BEGIN " is the content itself, JSON or PEM.
	File bool
	// Default is the value where it is not set.
	Default string
	// Example of a value, for messages and documents.
	Example string
	// Check returns what is wrong with a value, without repeating it if it is Secret; nil
	// accepts every value. For a File it gets the content.
	Check func(value string) error
}

// Settings are the values of a provider's settings by the name of the variable,
// complete and checked; for a File, the content.
type Settings map[string]string

// Definition defines a type of shares.
type Definition struct {
	// Type is what VAST_SHARE_TYPE selects: lower-case letters and digits.
	Type string
	// Description is one line without a full stop, such as "a public link of Nextcloud".
	Description string
	Settings    []Setting
	// Check, if set, returns what is wrong with the settings taken together. It sends no
	// requests.
	Check func(settings Settings) []api.Problem
	// InCluster, if set, returns the settings for a process in the cluster: what Open
	// reads from the workstation besides the settings, such as ~/.ssh/known_hosts, is
	// part of them. The problems are what cannot be used there, such as ssh-agent. It
	// sends no requests and leaves its argument unchanged.
	InCluster func(settings Settings) (Settings, []api.Problem)
	// Open returns a provider. It may connect to the server, or leave that to the
	// first use. Close of the provider has to be called.
	Open func(ctx context.Context, settings Settings) (ShareProvider, error)
}
