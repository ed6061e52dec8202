package spec

import (
	"context"
	"io"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
)

// Read reads one file and parses it; "-" reads stdin. What cannot be read is
// an *api.InvalidSpecError too, since the name of the file is what is wrong. It ends
// with ctx, whose cause is then the error.
//
// Who reads several files uses one files.Reader for all, and Parse.
func Read(ctx context.Context, path string, stdin io.Reader, in Inputs) (*File, error) {
	data, err := (&files.Reader{Stdin: stdin}).Read(ctx, path, MaxBytes)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, in)
}

// ReadCampaign reads one campaign file and parses it, as Read does.
func ReadCampaign(ctx context.Context, path string, stdin io.Reader, in Inputs) (*Campaign, error) {
	data, err := (&files.Reader{Stdin: stdin}).Read(ctx, path, MaxCampaignBytes)
	if err != nil {
		return nil, err
	}
	return ParseCampaign(path, data, in)
}

func fileProblem(path, msg string) error {
	return &api.InvalidSpecError{Problems: []api.Problem{{File: path, Message: msg}}}
}
