package prepare

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// campaignFileName is the file with the record. A folder that has it, and in it
// a campaign, was written by WritePrepared.
const campaignFileName = "campaign.yaml"

// tree is a folder that is written under another name beside the one that it
// gets in the end.
type tree struct {
	dir, name string
	replaces  bool
}

// newTree makes sure that nothing is lost when name is written. In a dry run it
// leaves alone the folder that name is to be in.
func newTree(name string, overwrite bool, d api.DryRun) (*tree, error) {
	if name == "" {
		return nil, api.Invalid("DIR", "the folder has no name")
	}
	whole, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	t := &tree{name: whole}
	entries, err := os.ReadDir(whole)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, api.Invalid(name, "it cannot be read as a folder: %v", errors.Unwrap(err))
	case len(entries) == 0:
		t.replaces = true
	case !prepared(whole):
		return nil, api.Invalid(name, "the folder is not empty and was not written by campaign prepare; name another one")
	case !overwrite:
		return nil, &api.InvalidSpecError{Problems: []api.Problem{{Path: name, Message: "the folder already has a prepared campaign",
			Remedies: []api.Remedy{{Options: []string{"Overwrite"}, Purpose: "replace it"}}}}}
	default:
		t.replaces = true
	}
	beside := filepath.Dir(whole)
	if !d.Keeps() {
		beside = os.TempDir()
	}
	if err := os.MkdirAll(beside, 0o777); err != nil {
		return nil, err
	}
	t.dir, err = files.MkdirBeside(beside, filepath.Base(whole))
	return t, err
}

// prepared reports whether a folder was written by WritePrepared.
func prepared(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, campaignFileName))
	var m corev1.ConfigMap
	if err != nil || yaml.Unmarshal(data, &m) != nil {
		return false
	}
	_, err = record.FromObject(&m)
	return err == nil
}

// keep gives the folder its name. What it replaces is moved away first, and
// removed last.
func (t *tree) keep() error {
	old := t.dir + ".old"
	if t.replaces {
		if err := os.Rename(t.name, old); err != nil {
			return err
		}
	}
	if err := os.Rename(t.dir, t.name); err != nil {
		if t.replaces {
			err = errors.Join(err, os.Rename(old, t.name))
		}
		return err
	}
	t.dir = ""
	return os.RemoveAll(old)
}

// discard removes what was not kept.
func (t *tree) discard() {
	if t.dir != "" {
		_ = os.RemoveAll(t.dir) // the error that led here is returned
	}
}

func (t *tree) create(name string) (*os.File, error) {
	file := filepath.Join(t.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return nil, err
	}
	return os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

func (t *tree) file(name string, data []byte) error {
	f, err := t.create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func (t *tree) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(name)))
}

// objects writes objects into one file, below a comment.
func (t *tree) objects(name, comment string, objects ...runtime.Object) error {
	var b bytes.Buffer
	for line := range strings.Lines(comment) {
		b.WriteString("# " + line)
	}
	if comment != "" {
		b.WriteByte('\n')
	}
	for i, o := range objects {
		text, err := manifestText(o)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(text)
	}
	return t.file(name, b.Bytes())
}

// manifestText is an object as a user would write it: without what only the API
// server fills in. One that kubectl cannot apply is *api.InvalidSpecError.
func manifestText(o runtime.Object) ([]byte, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("write %T: %w", o, err)
	}
	unstructured.RemoveNestedField(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(content, "spec", "template", "metadata", "creationTimestamp")
	if err := checkApplied(content); err != nil {
		return nil, err
	}
	return yaml.Marshal(content)
}
