package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/kubevast/vast/sdk/api"
)

// Read reads one file and parses it; "-" reads stdin. What cannot be read is
// an *api.InvalidSpec too, since the name of the file is what is wrong.
func Read(path string, stdin io.Reader, in Inputs) (*File, error) {
	data, err := readText(path, stdin)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, in)
}

// ReadBytes reads one file, of which only the bytes tell what it is; "-" reads
// stdin. What is longer than MaxCampaignBytes is cut there, for the parser to
// refuse. What cannot be read is an *api.InvalidSpec.
func ReadBytes(path string, stdin io.Reader) ([]byte, error) { return readText(path, stdin) }

// ReadCampaign reads one campaign file and parses it; "-" reads stdin.
func ReadCampaign(path string, stdin io.Reader, in Inputs) (*Campaign, error) {
	data, err := readText(path, stdin)
	if err != nil {
		return nil, err
	}
	return ParseCampaign(path, data, in)
}

// readText reads a file, and of one that is too large one byte more than any
// file may have.
func readText(path string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, fileProblem(path, 0, "is a directory; name a file, or - for standard input")
		}
		in = f
	}
	if in == nil {
		return nil, fileProblem(path, 0, "there is no standard input")
	}
	// One byte more than allowed tells a file that is too large from one
	// that just fits, without reading all of it.
	data, err := io.ReadAll(io.LimitReader(in, MaxCampaignBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return bytes.TrimPrefix(data, []byte(byteOrderMark)), nil
}

func unreadable(path string, err error) error {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fileProblem(path, 0, "no such file")
	case errors.Is(err, fs.ErrPermission):
		return fileProblem(path, 0, "the file may not be read: permission denied")
	case errors.As(err, &pe):
		err = pe.Err
	}
	return fileProblem(path, 0, fmt.Sprintf("the file cannot be read: %v", err))
}

func fileProblem(path string, line int, msg string) error {
	p := api.Problem{File: path, Line: line, Message: msg}
	if line > 0 {
		p.Column = 1
	}
	return &api.InvalidSpec{Problems: []api.Problem{p}}
}
