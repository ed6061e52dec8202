package plugin

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// request is a line that a plug-in reads.
type request struct {
	// Version is in the first request only: "describe" or "open".
	Version int    `json:"version,omitempty"`
	ID      int    `json:"id"`
	Method  string `json:"method"`

	Settings share.Settings `json:"settings,omitempty"` // of "open"

	Name      string           `json:"name,omitempty"`
	Size      *int64           `json:"size,omitempty"`
	Checksums *share.Checksums `json:"checksums,omitempty"`
	Overwrite bool             `json:"overwrite,omitempty"`
	State     string           `json:"state,omitempty"`
	Offset    *int64           `json:"offset,omitempty"`
	Validator string           `json:"validator,omitempty"`
}

// frame is a line between request and answer of an upload: so many bytes follow, or
// none any more.
type frame struct {
	ID   int  `json:"id"`
	Data int  `json:"data,omitempty"`
	End  bool `json:"end,omitempty"`
}

// message is a line that a plug-in prints. Exactly one of the pointers is set; size belongs to
// offset.
type message[R any] struct {
	ID       int     `json:"id"`
	Result   *R      `json:"result"`
	Error    *failed `json:"error"`
	Object   *object `json:"object"`
	Offset   *int64  `json:"offset"`
	Size     *int64  `json:"size"`
	Data     *int    `json:"data"`
	Progress *int64  `json:"progress"`
	State    *string `json:"state"`
}

// description is the result of "describe".
type description struct {
	Version     int       `json:"version"`
	Description string    `json:"description"`
	Settings    []setting `json:"settings"`
}

type setting struct {
	Name              string   `json:"name"`
	Aliases           []string `json:"aliases"`
	Description       string   `json:"description"`
	Required          bool     `json:"required"`
	RequiredForUpload bool     `json:"requiredForUpload"`
	Secret            bool     `json:"secret"`
	File              bool     `json:"file"`
	Default           string   `json:"default"`
	Example           string   `json:"example"`
}

func (s setting) setting() share.Setting {
	return share.Setting{Name: s.Name, Aliases: s.Aliases, Description: s.Description, Required: s.Required, RequiredForUpload: s.RequiredForUpload,
		Secret: s.Secret, File: s.File, Default: s.Default, Example: s.Example}
}

// opened is the result of "open".
type opened struct {
	Version      int                `json:"version"`
	Capabilities share.Capabilities `json:"capabilities"`
}

// object is an archive on the share.
type object struct {
	Name      string          `json:"name"`
	Size      *int64          `json:"size"`
	Modified  time.Time       `json:"modified"`
	Checksums share.Checksums `json:"checksums"`
	Validator string          `json:"validator"`
}

func (o *object) object() share.Object {
	size := int64(-1)
	if o.Size != nil && *o.Size >= 0 {
		size = *o.Size
	}
	sums := share.Checksums{SHA256: strings.ToLower(o.Checksums.SHA256), MD5: strings.ToLower(o.Checksums.MD5), CRC32C: strings.ToLower(o.Checksums.CRC32C)}
	return share.Object{Name: o.Name, Size: size, Modified: o.Modified, Checksums: sums, Validator: o.Validator}
}

// failed is an error that a plug-in reports.
type failed struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// RetryAfter in seconds, of a temporary error.
	RetryAfter float64 `json:"retryAfter"`
}

// err returns the error of the code's class. name is that of the request.
func (f *failed) err(p program, name string) error {
	text := fmt.Sprintf("share plug-in %q: %s", p.name, p.line(f.Message))
	switch f.Code {
	case "not_found":
		return &api.NotFoundError{Kind: "archive", Name: name, Hint: text}
	case "forbidden":
		return &api.ForbiddenError{Message: text}
	case "conflict":
		return &api.ConflictError{Message: text}
	case "temporary":
		return &share.TemporaryError{Message: text, RetryAfter: time.Duration(max(0, min(f.RetryAfter, 3600)) * float64(time.Second))}
	case "no_space", "failed":
		return &api.UnavailableError{Message: text}
	case "invalid":
		return api.Invalid("", "%s", text)
	case "unsupported":
		return &api.NotSupportedError{Message: text}
	}
	return p.broken("its error has the unknown code %q: %s", p.line(f.Code), p.line(f.Message))
}

// maxText bounds what of a plug-in's texts is in an error.
const maxText = 500

// line makes one line, without credentials, of what a plug-in printed.
func (p program) line(text string) string {
	text = p.redact.Replace(strings.Join(strings.Fields(p.redact.Replace(text)), " "))
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	if text == "" {
		return "no reason given"
	}
	return text
}

// broken is the error of a plug-in that does not follow the protocol.
func (p program) broken(format string, args ...any) error {
	return &api.UnavailableError{Message: fmt.Sprintf("the share plug-in %s does not work: ", p.path) + p.line(fmt.Sprintf(format, args...))}
}
