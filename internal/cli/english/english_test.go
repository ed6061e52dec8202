package english_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	_ "k8s.io/kubectl/pkg/cmd/get" // translates when it is initialized, as in the plugins
	"k8s.io/kubectl/pkg/util/i18n"

	_ "github.com/kubevast/vast/internal/cli/english"
)

const printIt = "TEST_PRINT_A_TEXT_OF_KUBECTL"

// A text of kubectl that has a German translation.
const text = "Create a namespace with the specified name"

func TestMain(m *testing.M) {
	if os.Getenv(printIt) != "" {
		os.Stdout.WriteString(i18n.T(text))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestNoTranslationIsLoadedInAnyLanguage(t *testing.T) {
	for _, language := range []string{"de_DE.UTF-8", "en_US.UTF-8", "C"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), printIt+"=1", "LC_ALL="+language)
		out, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != text {
			t.Errorf("in %s: %q, %v", language, out, err)
		}
	}
}
