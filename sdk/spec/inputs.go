package spec

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/go-envparse"

	"github.com/kubevast/vast/sdk/api"
)

// EnvFlags are the options that give variables of one kind: --env with
// --env-file, or --secret with --secret-file.
type EnvFlags struct {
	// Flag is the option's name for messages: "--env".
	Flag string
	// Values are the option's values, "NAME=value" or "NAME".
	Values []string
	// Files are dotenv files. A later one wins over an earlier one, and
	// Values win over all of them.
	Files []string
}

// Read returns the variables. lookup is the caller's environment, os.LookupEnv
// as a rule. The error is an *api.InvalidSpec with all problems; no value gets
// into it.
func (e EnvFlags) Read(lookup func(string) (string, bool)) (map[string]string, error) {
	out := map[string]string{}
	var errs []error
	for _, file := range e.Files {
		vars, err := EnvFromFile(file)
		errs = append(errs, err)
		maps.Copy(out, vars)
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
	r := &reader{}
	out := make(map[string]string, len(args))
	for _, arg := range args {
		name, value, given := strings.Cut(arg, "=")
		if msg := checkEnvName(name); msg != "" {
			// Without "=" the argument may be a value that stands alone.
			r.flag(flag, "%s", badName(name, given, msg))
			continue
		}
		if _, twice := out[name]; twice {
			r.flag(flag, "%s is given twice", name)
			continue
		}
		if !given {
			var set bool
			if value, set = lookup(name); !set {
				r.flag(flag, "%s is not set in your environment; write %s=value, or export it", name, name)
			}
		}
		out[name] = value
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return out, nil
}

func badName(name string, given bool, msg string) string {
	if !given && !envName.MatchString(name) {
		return "wants NAME=value, or NAME of a variable of your environment"
	}
	return fmt.Sprintf("%q %s", shorten(name), msg)
}

// EnvFromFile reads a dotenv file: NAME=value lines, quotes, comments and
// "export", without expansion of "$". The error is an *api.InvalidSpec.
func EnvFromFile(path string) (map[string]string, error) {
	data, err := readText(path, nil)
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, fileProblem(path, 0, fmt.Sprintf("the file is larger than %d KiB", MaxBytes>>10))
	}
	vars, err := envparse.Parse(bytes.NewReader(data))
	var pe *envparse.ParseError
	switch {
	case errors.As(err, &pe):
		return nil, fileProblem(path, pe.Line, fmt.Sprintf("%v; a line is NAME=value", pe.Err))
	case err != nil:
		return nil, fileProblem(path, 0, err.Error())
	}
	r := &reader{file: path}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if msg := checkEnvName(name); msg != "" {
			r.add(0, 0, shorten(name), msg)
		}
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return vars, nil
}
