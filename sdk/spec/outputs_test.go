package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutputsAreAListOfPaths(t *testing.T) {
	task := mustTask(t, "workdir: .\nenvs: {N: 1}\noutputs: [ckpt/, ./logs/*.txt, /results//all, /results2]\nrun: x\n", Inputs{})
	if diff := cmp.Diff([]string{"ckpt", "logs/*.txt", "/results/all", "/results2"}, task.Outputs); diff != "" {
		t.Errorf("outputs (-want,+got):\n%s", diff)
	}
	if task.Ignored != nil {
		t.Errorf("ignored %q", task.Ignored)
	}
}

func TestSkyPilotsOutputsAreIgnored(t *testing.T) {
	task := mustTask(t, "outputs: {s3://x: 4}\nrun: x\n", Inputs{})
	if task.Outputs != nil {
		t.Errorf("outputs %q", task.Outputs)
	}
	if diff := cmp.Diff([]string{"outputs"}, task.Ignored); diff != "" {
		t.Errorf("ignored (-want,+got):\n%s", diff)
	}
}

func TestARelativeOutputMayLieInAFileMountOfTheWorkdir(t *testing.T) {
	task := mustTask(t, "file_mounts: {src: ./src}\noutputs: [src/out]\nrun: x\n", Inputs{})
	if diff := cmp.Diff([]string{"src/out"}, task.Outputs); diff != "" {
		t.Errorf("outputs (-want,+got):\n%s", diff)
	}
}

func TestWrongOutputsAreRefused(t *testing.T) {
	const absolute = `: an absolute path cannot hold ":" or a pattern`
	for file, want := range map[string]string{
		"outputs: x\n":                        `outputs: must be a list of paths, not the text "x"`,
		"outputs: {x: y}\n":                   `outputs.x: must be a number, not the text "y"`,
		"outputs: [1]\n":                      `outputs[0]: must be text, not the number 1; write it in quotes: "1"`,
		"outputs: ['']\n":                     `outputs[0]: "" is empty; name a path in the workdir, or an absolute folder`,
		"outputs: [a]\n":                      `outputs[0]: "a" is relative, and there is no workdir; name an absolute folder, or write to $OUTPUT_DIR`,
		"outputs: [~/a]\n":                    `outputs[0]: "~/a" is no path that can be kept: the home depends on the image; name a path in the workdir, or an absolute folder`,
		"outputs: [/a/../b]\n":                `outputs[0]: "/a/../b" is no path that can be kept: it cannot hold ".."`,
		"outputs: [/]\n":                      `outputs[0]: "/" is the whole file system; name a folder, for example /results`,
		"outputs: [/usr/local/x]\n":           `outputs[0]: "/usr/local/x" belongs to the system, and an output is a new, empty folder; choose another one, for example /results`,
		"outputs: [/out/x]\n":                 `outputs[0]: "/out/x" is kept already: it is in $OUTPUT_DIR`,
		"outputs: ['/a/*']\n":                 `outputs[0]: "/a/*" is no folder` + absolute,
		"outputs: [/a, /a/]\n":                `outputs[1]: "/a/" is listed twice`,
		"outputs: [/a/b, /a]\n":               `outputs[1]: "/a" is inside another output, or contains one`,
		"outputs: [/a, /a/b]\n":               `outputs[1]: "/a/b" is inside another output, or contains one`,
		"workdir: .\noutputs: [.]\n":          `outputs[0]: "." is the whole workdir; name what is to be kept of it`,
		"volumes: {/v: v}\noutputs: [/v]":     `outputs[0]: "/v" is a volume, which keeps its files anyway`,
		"file_mounts: {/m: m}\noutputs: [/m]": `outputs[0]: "/m" is a file mount; an output is a new, empty folder`,
	} {
		t.Run(file, func(t *testing.T) {
			got := problems(t, file+"\nrun: x\n", Inputs{})
			_, got, _ = strings.Cut(got, ": ")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}
