package spec

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/dotenv"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// Variables are variables of one kind as a user gives them: one by one, and in
// files.
type Variables struct {
	// Option is the field of Inputs that they are for: "Envs" or "Secrets".
	// Problems are reported for it.
	Option string
	// Values are "NAME=value", or "NAME" for the value that the environment has.
	Values []string
	// Files are the paths of dotenv files. A later one overrides an earlier one,
	// and Values override all of them.
	Files []string
}

// Read returns the variables by name. Files are read by read, which returns an
// error for more than limit bytes; nil reads local files and http and https URLs. lookup is the caller's environment, usually
// os.LookupEnv. The error is an *api.InvalidSpecError with all problems, in which no
// value appears; or the cause of ctx when that has ended.
func (v Variables) Read(ctx context.Context, read func(ctx context.Context, path string, limit int) ([]byte, error), lookup func(string) (string, bool)) (map[string]string, error) {
	if read == nil {
		read = new(files.Reader).Read
	}
	out := map[string]string{}
	var errs []error
	for _, file := range v.Files {
		data, err := read(ctx, file, MaxBytes)
		if err == nil {
			var vars map[string]string
			vars, err = envFromFile(file, data, lookup)
			maps.Copy(out, vars)
		}
		errs = append(errs, err)
	}
	vars, err := envFromValues(v.Option, v.Values, lookup)
	errs = append(errs, err)
	maps.Copy(out, vars)
	if err := api.JoinInvalid(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

// envFromValues reads "NAME=value", or "NAME" for the value that lookup returns. A
// name may be given once.
func envFromValues(option string, values []string, lookup func(string) (string, bool)) (map[string]string, error) {
	r := yamlfile.NewReader("", yamlfile.Format{})
	out := make(map[string]string, len(values))
	for _, text := range values {
		name, value, given := strings.Cut(text, "=")
		if msg := rules.Variable(name); msg != "" {
			// Without "=" the text may be a value without a name.
			r.FailOption(option, "%s", badName(name, given, msg))
			continue
		}
		if _, twice := out[name]; twice {
			r.FailOption(option, "%s is given twice", name)
			continue
		}
		if !given {
			var set bool
			if value, set = lookup(name); !set {
				r.FailOption(option, "%s is not set in your environment; write %s=value, or export it", name, name)
			}
		}
		out[name] = value
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func badName(name string, given bool, msg string) string {
	if !given && !rules.IsVariable(name) {
		return "must be NAME=value, or NAME of a variable of your environment"
	}
	return fmt.Sprintf("%q %s", yamlfile.Shorten(name), msg)
}

// envFromFile reads the content of a dotenv file by the rules of package dotenv,
// which are SkyPilot's, with lookup as the environment for ${NAME}. path is used in
// messages only. The error is an *api.InvalidSpecError with all problems; of the
// file's content only reserved names appear in it.
func envFromFile(path string, data []byte, lookup func(string) (string, bool)) (map[string]string, error) {
	r := yamlfile.NewReader(path, yamlfile.Format{})
	switch {
	case len(data) > MaxBytes:
		r.Add(0, 0, "", fmt.Sprintf("the file is larger than %d KiB", MaxBytes>>10))
		return nil, r.Err()
	case bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data):
		r.Add(0, 0, "", "the file is not text in UTF-8, or holds a NUL byte")
		return nil, r.Err()
	}
	vars, problems := dotenv.Parse(string(data), lookup)
	for _, p := range problems {
		r.Add(p.Line, 1, "", p.Message)
	}
	out := make(map[string]string, len(vars))
	for _, v := range vars {
		switch msg := rules.Variable(v.Name); {
		case msg == "":
		case rules.IsVariable(v.Name):
			r.Add(v.Line, 1, v.Name, msg)
		default: // it may be a part of a value that lacks its quotes
			r.Add(v.Line, 1, "", "the text before \"=\" "+msg)
		}
		out[v.Name] = v.Value
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return out, nil
}
