package files

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Expand puts the files of a folder into its place, in the order of their names:
// those that end in one of extensions (".yaml"), and with recursive those of all
// folders below, too. A pattern that is no file's name is replaced by what fits
// it. All else stays as it is: files, whatever they are called, URLs, and "-".
// A folder without any such file, and a pattern that nothing fits, is an
// *api.InvalidSpecError.
//
// It is what kubectl does with its -f and -R: links to folders are not followed.
func Expand(paths []string, recursive bool, extensions ...string) ([]string, error) {
	var out []string
	for _, path := range paths {
		found, err := expand(path, recursive, extensions)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func expand(path string, recursive bool, extensions []string) ([]string, error) {
	if path == "-" || IsURL(path) || IsStream(path) {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		fits, wrongPattern := filepath.Glob(path)
		if wrongPattern != nil || len(fits) == 0 || !strings.ContainsAny(path, `*?[`) {
			return []string{path}, nil // Read reports what is wrong
		}
		var out []string
		for _, one := range fits {
			found, err := expand(one, recursive, extensions)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
		return out, nil
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	root, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	var out []string
	err = filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && at != root && !recursive:
			return filepath.SkipDir
		case entry.IsDir() || !slices.Contains(extensions, filepath.Ext(at)):
			return nil
		}
		if info, err := os.Stat(at); err == nil && info.IsDir() {
			return nil // a link
		}
		out = append(out, filepath.Join(path, strings.TrimPrefix(at, root)))
		return nil
	})
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(out) == 0 {
		return nil, wrong("", "error reading [%s]: recognized file extensions are %v", path, extensions)
	}
	return out, nil
}
