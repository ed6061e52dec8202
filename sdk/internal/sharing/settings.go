package sharing

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/dotenv"
	"github.com/kubevast/vast/sdk/share"
)

const (
	// dotenvName is the name of the file of settings.
	dotenvName = ".env"
	// maxDotenv and maxSettingFile bound what is read of a file, in bytes.
	maxDotenv      = 1 << 20
	maxSettingFile = 256 << 10

	typeSetting = "VAST_SHARE_TYPE"
	typeAlias   = "ROBOVAST_SHARE_TYPE"
	// VolumeSetting is the claim in which a share of type "dir" is, for uploads.
	VolumeSetting = "VAST_SHARE_VOLUME"
)

// LoadOptions are the options of Load.
type LoadOptions struct {
	// Dir is where the search for the file .env begins; empty is the working directory.
	Dir string
	// Lookup reads a variable of the environment; nil is os.LookupEnv.
	Lookup func(string) (string, bool)
	// Upload: the settings are for an upload in the cluster.
	Upload bool
}

// Load reads the type of share and its settings from the environment and from the
// first file .env that is found from a directory upwards. Values of the file are used
// as they stand there; nothing is expanded, and nothing is set in the environment. The
// error is an api.InvalidSpecError with all that is missing or malformed.
func Load(ctx context.Context, registry *share.Registry, o LoadOptions) (share.Definition, share.Settings, error) {
	l := &loader{lookup: o.Lookup}
	if l.lookup == nil {
		l.lookup = os.LookupEnv
	}
	if err := l.readDotenv(ctx, o.Dir); err != nil {
		return share.Definition{}, nil, err
	}
	kind := l.find(typeSetting, typeAlias)
	if kind.text == "" {
		return share.Definition{}, nil, l.invalid(kind, typeSetting, fmt.Sprintf("it is missing; set it in the environment or in a file .env to one of %s", strings.Join(registry.Types(), ", ")))
	}
	definition, err := registry.Lookup(kind.text)
	if err != nil {
		return share.Definition{}, nil, l.invalid(kind, typeSetting, err.Error())
	}
	settings, problems := l.settings(ctx, definition, o.Upload)
	if len(problems) == 0 && definition.Check != nil {
		problems = definition.Check(settings)
	}
	if len(problems) == 0 && o.Upload && definition.InCluster != nil {
		volume := settings[VolumeSetting]
		settings, problems = definition.InCluster(settings)
		if volume != "" && len(problems) == 0 {
			settings[VolumeSetting] = volume
		}
	}
	if len(problems) > 0 {
		return share.Definition{}, nil, &api.InvalidSpecError{Problems: problems}
	}
	return definition, settings, nil
}

// value is a setting that was found.
type value struct {
	text string
	set  bool
	// file and line are its position; empty for the environment.
	file string
	line int
}

type loader struct {
	lookup func(string) (string, bool)
	file   string
	values map[string]value
}

// readDotenv reads the first file .env from a directory upwards, if there is one.
func (l *loader) readDotenv(ctx context.Context, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return api.Invalid("", "the working directory is unknown: %v", err)
	}
	for {
		path := filepath.Join(dir, dotenvName)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			l.file = shown(path)
			return l.parse(ctx, path)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}

// shown returns a path relative to the working directory where that is below.
func shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

func (l *loader) parse(ctx context.Context, path string) error {
	data, err := new(files.Reader).Read(ctx, path, maxDotenv)
	switch {
	case err != nil:
		return err
	case len(data) > maxDotenv:
		return api.Invalid("", "%q has more than %d bytes", l.file, maxDotenv)
	case !utf8.Valid(data):
		return api.Invalid("", "%q is not UTF-8", l.file)
	}
	variables, problems := dotenv.Read(string(data))
	l.values = make(map[string]value, len(variables))
	for _, v := range variables {
		l.values[v.Name] = value{text: v.Value, set: true, file: l.file, line: v.Line}
	}
	if len(problems) == 0 {
		return nil
	}
	out := &api.InvalidSpecError{}
	for _, p := range problems {
		out.Problems = append(out.Problems, api.Problem{File: l.file, Line: p.Line, Column: 1, Message: p.Message})
	}
	return out
}

// find returns the first of these names that is set: in the environment, else in the file.
func (l *loader) find(names ...string) value {
	for _, name := range names {
		if text, ok := l.lookup(name); ok {
			return value{text: text, set: true}
		}
	}
	for _, name := range names {
		if v, ok := l.values[name]; ok {
			return v
		}
	}
	return value{}
}

func problem(v value, name, message string) api.Problem {
	p := api.Problem{Path: name, Message: message}
	if v.line > 0 {
		p.File, p.Line, p.Column = v.file, v.line, 1
	}
	return p
}

func (l *loader) invalid(v value, name, message string) error {
	return &api.InvalidSpecError{Problems: []api.Problem{problem(v, name, message)}}
}

// settings returns the settings of a definition, and all that is wrong with them.
func (l *loader) settings(ctx context.Context, d share.Definition, upload bool) (share.Settings, []api.Problem) {
	out := share.Settings{}
	var problems []api.Problem
	for _, s := range d.Settings {
		v := l.find(append([]string{s.Name}, s.Aliases...)...)
		if v.text == "" {
			v.text = s.Default
		}
		if v.text == "" {
			if s.Required || upload && s.RequiredForUpload {
				problems = append(problems, problem(v, s.Name, missing(s)))
			}
			continue
		}
		text, err := v.text, error(nil)
		if s.File && !isContent(text) {
			text, err = l.content(ctx, v)
		}
		if err == nil && s.Check != nil {
			err = s.Check(text)
		}
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				problems = append(problems, problem(v, s.Name, line))
			}
			continue
		}
		out[s.Name] = text
	}
	if v := l.find(VolumeSetting); v.text != "" && !slices.ContainsFunc(d.Settings, func(s share.Setting) bool { return s.Name == VolumeSetting }) {
		out[VolumeSetting] = v.text
	}
	return out, problems
}

func missing(s share.Setting) string {
	message := "it is missing: " + s.Description
	if s.Example != "" {
		message += fmt.Sprintf(", such as %s", s.Example)
	}
	return message
}

// isContent reports whether the value of a File setting is the content itself: JSON or PEM. As a
// path it would be part of an error, with the key that it contains.
func isContent(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "-----BEGIN ")
}

// content reads the file that a setting names. A relative path in a file .env is relative
// to the folder of that file.
func (l *loader) content(ctx context.Context, v value) (string, error) {
	path := v.text
	if rest, home := strings.CutPrefix(path, "~/"); home {
		dir, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("%q cannot be read: the home directory is unknown", path)
		}
		path = filepath.Join(dir, rest)
	} else if v.file != "" && !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(v.file), path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("the file %q cannot be read: %w", v.text, cause(err))
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%q is no file", v.text)
	}
	data, err := new(files.Reader).Read(ctx, path, maxSettingFile)
	if err != nil {
		return "", err
	}
	if len(data) > maxSettingFile {
		return "", fmt.Errorf("the file %q has more than %d bytes", v.text, maxSettingFile)
	}
	return string(data), nil
}

// cause returns the innermost error, without the path that the message has already.
func cause(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || inner.Unwrap() == nil {
			return err
		}
		err = inner.Unwrap()
	}
}
