package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/internal/redact"
)

// scheme is the beginning of what is no local path.
var scheme = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]*)://|^(hf):`)

// workdir finds a task's workdir.
func (f *finder) workdir(m mount) []source {
	w := f.task.Workdir
	if w.URL != "" {
		return []source{f.git(m, w)}
	}
	if scheme.MatchString(w.Local) {
		f.problem(m.field, m.at, "must be a local folder, or a git repository: {url: ..., ref: ...}; copy a bucket with file_mounts")
		return nil
	}
	s := f.localSource(m, w.Local)
	if s.file {
		f.problem(m.field, m.at, f.quote(w.Local)+" is a file; a workdir is a folder")
	}
	return []source{s}
}

// source finds what the short form of a file mount names.
func (f *finder) source(m mount, text string) []source {
	found := scheme.FindStringSubmatch(text)
	if found == nil {
		return []source{f.localSource(m, text)}
	}
	return f.uri(m, text, strings.ToLower(found[1]+found[2]))
}

// uri takes the buckets that the agent can copy.
func (f *finder) uri(m mount, text, scheme string) []source {
	switch scheme {
	case "s3", "gs":
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			f.problem(m.field, m.at, fmt.Sprintf("%s is no bucket; write %s://bucket or %s://bucket/path", f.quote(text), scheme, scheme))
			return nil
		}
		return []source{{uri: text}}
	case "file":
		f.problem(m.field, m.at, "write a local path without file://")
	case "git", "ssh":
		f.problem(m.field, m.at, "a git repository can be the workdir only: workdir: {url: ..., ref: ...}; else clone it in setup")
	case "http", "https":
		f.problem(m.field, m.at, "web addresses are not copied; fetch it in setup, with curl for example, or copy it into a bucket (s3:// and gs:// are copied)")
	default:
		f.problem(m.field, m.at, fmt.Sprintf("sources of %s: are not supported: s3:// and gs:// are; other stores that speak S3 can be read in setup", scheme))
	}
	return nil
}

// localSource looks up a local path.
func (f *finder) localSource(m mount, text string) source {
	if files.IsURL(f.task.Source.File) {
		f.problem(m.field, m.at, f.quote(text)+" is a local path, which a file from the web cannot name; download the file, and submit it from there")
		return source{}
	}
	file, err := f.options.local(text)
	if err != nil {
		f.problem(m.field, m.at, fmt.Sprintf("%s: %v", f.quote(text), err))
		return source{}
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.problem(m.field, m.at, f.missing(text, file))
	case err != nil:
		f.problem(m.field, m.at, fmt.Sprintf("%s cannot be read: %v", f.quote(text), bare(err)))
	case !info.IsDir() && !info.Mode().IsRegular():
		f.problem(m.field, m.at, f.quote(text)+" is neither a file nor a folder")
	default:
		return source{local: file, file: !info.IsDir(), field: m.field, at: m.at}
	}
	return source{}
}

// missing reports the path that was looked up, and where else it is: most often
// the task file and its files are in another folder.
func (f *finder) missing(text, file string) string {
	if link := files.Dangling(file); link != "" && !f.secret(text) {
		return fmt.Sprintf("%s does not exist: it is %s; fix the link, or name another path", f.quote(text), link)
	}
	dir := files.Folder(f.task.Source.File)
	if filepath.IsAbs(text) || strings.HasPrefix(text, "~") {
		return f.quote(text) + " does not exist"
	}
	if dir != "." {
		beside, err := f.options.local(path.Join(filepath.ToSlash(dir), text))
		if err == nil {
			_, err = os.Stat(beside)
		}
		if err == nil {
			return fmt.Sprintf("%s does not exist here, but beside the task file; local paths count from the folder that you are in: run this in %s", f.quote(text), dir)
		}
	}
	if f.secret(text) {
		return f.quote(text) + " does not exist in the folder that you are in"
	}
	return fmt.Sprintf("%s does not exist; local paths count from the folder that you are in, so this is %s", f.quote(text), file)
}

// bare is an error without the path, which may hold a secret.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// quote repeats the value of the file, unless a secret was filled in, and
// without the credentials of a URL.
func (f *finder) quote(text string) string {
	if f.secret(text) {
		return "this path (it holds a secret)"
	}
	return fmt.Sprintf("%q", redact.URL(text))
}

func (f *finder) secret(text string) bool {
	for _, s := range f.task.Secrets {
		if s.Value != "" && strings.Contains(text, s.Value) {
			return true
		}
	}
	return false
}
