//go:build unix

package task_test

import (
	"testing"

	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
)

func TestMain(m *testing.M) { cmdtest.Main(m) }
