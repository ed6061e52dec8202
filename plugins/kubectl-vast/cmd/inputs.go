package cmd

import (
	"errors"
	"os"

	"github.com/kubevast/vast/sdk/spec"
)

// readInputs gathers what the command line adds to the files.
func (s *submitFlags) readInputs() (spec.Inputs, error) {
	in := s.inputs
	var errEnv, errSecret error
	s.env.Flag, s.secret.Flag = "--env", "--secret"
	in.Envs, errEnv = s.env.Read(os.LookupEnv)
	in.Secrets, errSecret = s.secret.Read(os.LookupEnv)
	return in, errors.Join(errEnv, errSecret)
}
