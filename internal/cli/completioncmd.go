package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(f *Factory) *cobra.Command {
	install := false
	c := &cobra.Command{
		Use:   "completion [bash|zsh|fish|powershell]",
		Short: "Set up shell completion",
		Long: templates.LongDesc(`
			Set up shell completion.

			kubectl completes arguments of "` + f.Plugin.Display + `" by calling a program named
			` + completeName(f.Plugin) + `. --install creates a link of that name next to
			this plugin, which the completion of kubectl then uses.

			With the name of a shell, print a script that completes ` + f.Plugin.Name + `
			when it is called without kubectl.`),
		Example: templates.Examples(`
			# Complete "` + f.Plugin.Display + `" wherever kubectl's completion is active
			` + f.Plugin.Display + ` completion --install

			# Complete "` + f.Plugin.Name + `" in this bash
			source <(` + f.Plugin.Name + ` completion bash)`),
		ValidArgs: shells,
		Args:      Args(0, 1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case install && len(args) == 0:
				return installShim(f)
			case install || len(args) == 0:
				return Usagef("name a shell (%s), or give --install: %s", strings.Join(shells, ", "), c.UseLine())
			}
			return printScript(c.Root(), f, args[0])
		},
	}
	c.Flags().BoolVar(&install, "install", install, "Create the program that kubectl calls for completions, next to this plugin.")
	return c
}

func printScript(root *cobra.Command, f *Factory, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(f.Out, true)
	case "zsh":
		return root.GenZshCompletion(f.Out)
	case "fish":
		return root.GenFishCompletion(f.Out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(f.Out)
	}
	return Usagef("unknown shell %q: one of %s", shell, strings.Join(shells, ", "))
}

func completeName(p Plugin) string {
	return "kubectl_complete-" + strings.TrimPrefix(p.Name, "kubectl-")
}

// installShim links kubectl_complete-<plugin> to the plugin, which looks at
// the name that it is called by.
func installShim(f *Factory) error {
	if runtime.GOOS == "windows" {
		return Usagef("--install cannot make links on Windows: copy %s.exe to %s.exe in a folder of PATH", f.Plugin.Name, completeName(f.Plugin))
	}
	// The link is beside the plugin as it is found on PATH (krew's own
	// link), so that it survives an upgrade.
	self, err := exec.LookPath(os.Args[0])
	if err == nil {
		self, err = filepath.Abs(self)
	}
	if err != nil {
		return err
	}
	link := filepath.Join(filepath.Dir(self), completeName(f.Plugin))
	if err := os.Symlink(filepath.Base(self), link); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	fmt.Fprintf(f.Out, "%s completes %q\n", link, f.Plugin.Display)
	return nil
}
