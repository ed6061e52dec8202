package command

import (
	"regexp"
	"strings"
)

// optionFlags are the flags of options whose names do not follow from the field of
// the SDK: "RequestID" is --request-id without being listed here.
var optionFlags = map[string]string{
	"Envs":             "env",
	"Options":          "option",
	"StoreTLS":         "store-tls",
	"Secrets":          "secret",
	"Configs":          "config",
	"VariationPlugins": "variation-plugin",
	"Accelerators":     "gpus",
	"Profile":          "security-profile",
	"ID":               "resume",
	"Overwrite":        "force",
	"TTL":              "keep",
	"AllUsers":         "all-users",
	"Filename":         "filename",
	"LabelSelector":    "selector",
}

var upper = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// FlagOf returns the flag of an option of the SDK: "--force" for "Force",
// "--queue=night" for "Queue=night".
func FlagOf(option string) string {
	name, value, hasValue := strings.Cut(option, "=")
	flag, known := optionFlags[name]
	if !known {
		flag = strings.ToLower(upper.ReplaceAllString(name, "$1-$2"))
	}
	if hasValue {
		return "--" + flag + "=" + value
	}
	return "--" + flag
}
