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
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// EnvFlags are the options that give variables of one kind: --env with
// --env-file, or --secret with --secret-file.
type EnvFlags struct {
	// Flag is the option's name for messages: "--env".
	Flag string
	// Values are the option's values, "NAME=value" or "NAME".
	Values []string
	// Files are dotenv files; "-" is standard input. A later one wins over an
	// earlier one, and Values win over all of them.
	Files []string
}

// Read reads the files by r and returns the variables; without r there is no
// standard input. lookup is the caller's
// environment, os.LookupEnv as a rule. The error is an *api.InvalidSpecError with all
// problems, and no value gets into it; or the cause of ctx when that has ended.
func (e EnvFlags) Read(ctx context.Context, r *files.Reader, lookup func(string) (string, bool)) (map[string]string, error) {
	if r == nil {
		r = &files.Reader{}
	}
	out := map[string]string{}
	var errs []error
	for _, file := range e.Files {
		data, err := r.Read(ctx, file, MaxBytes)
		if err == nil {
			var vars map[string]string
			vars, err = EnvFromFile(file, data, lookup)
			maps.Copy(out, vars)
		}
		errs = append(errs, err)
	}
	vars, err := EnvFromFlags(e.Flag, e.Values, lookup)
	errs = append(errs, err)
	maps.Copy(out, vars)
	if err := api.JoinInvalid(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

// EnvFromFlags reads the values of an option (flag, for messages): "NAME=value",
// or "NAME" for the value that lookup has. A name may be given once.
func EnvFromFlags(flag string, args []string, lookup func(string) (string, bool)) (map[string]string, error) {
	r := yamlfile.NewReader("", yamlfile.Format{})
	out := make(map[string]string, len(args))
	for _, arg := range args {
		name, value, given := strings.Cut(arg, "=")
		if msg := checkEnvName(name); msg != "" {
			// Without "=" the argument may be a value that stands alone.
			r.Flag(flag, "%s", badName(name, given, msg))
			continue
		}
		if _, twice := out[name]; twice {
			r.Flag(flag, "%s is given twice", name)
			continue
		}
		if !given {
			var set bool
			if value, set = lookup(name); !set {
				r.Flag(flag, "%s is not set in your environment; write %s=value, or export it", name, name)
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
	if !given && !envName.MatchString(name) {
		return "wants NAME=value, or NAME of a variable of your environment"
	}
	return fmt.Sprintf("%q %s", yamlfile.Shorten(name), msg)
}

// EnvFromFile reads the content of a dotenv file by the rules of package dotenv,
// those that SkyPilot has, with lookup as the environment for ${NAME}. path is
// used in messages only. The error is an *api.InvalidSpecError with all problems, and
// nothing of the file gets into it but names that are reserved.
func EnvFromFile(path string, data []byte, lookup func(string) (string, bool)) (map[string]string, error) {
	r := yamlfile.NewReader(path, yamlfile.Format{})
	switch {
	case len(data) > MaxBytes:
		return nil, fileProblem(path, fmt.Sprintf("the file is larger than %d KiB", MaxBytes>>10))
	case bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data):
		return nil, fileProblem(path, "the file is no text in UTF-8, or holds a NUL byte")
	}
	vars, problems := dotenv.Parse(string(data), lookup)
	for _, p := range problems {
		r.Add(p.Line, 1, "", p.Message)
	}
	out := make(map[string]string, len(vars))
	for _, v := range vars {
		switch msg := checkEnvName(v.Name); {
		case msg == "":
		case envName.MatchString(v.Name):
			r.Add(v.Line, 1, v.Name, msg)
		default: // it may be a part of a value that lacks its quotes
			r.Add(v.Line, 1, "", "what stands before \"=\" "+msg)
		}
		out[v.Name] = v.Value
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return out, nil
}
