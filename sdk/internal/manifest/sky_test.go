package manifest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// images are what scripts may find: bash beside each kind of sh, and none at all.
var images = []string{"dash and bash", "bash", "busybox and bash", "busybox"}

// inEachImage runs a test in each of them. image makes a folder of programs,
// which is all that is in PATH; programs are added to it, by name.
func inEachImage(t *testing.T, test func(t *testing.T, image string)) {
	for _, image := range images {
		t.Run(image, func(t *testing.T) {
			t.Parallel()
			test(t, image)
		})
	}
}

// programs are what an image has, and no sudo.
func programs(t *testing.T, image string, more map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	link := func(name, from string) {
		path, err := exec.LookPath(from)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	sh, bash, _ := strings.Cut(image, " and ")
	link("sh", sh)
	if bash != "" || sh == "bash" {
		link("bash", "bash")
	}
	for _, name := range strings.Fields("cat chmod diff echo env grep id mkdir mkfifo mv printf rm sed setsid sleep sort tail true wc") {
		if sh == "busybox" {
			link(name, "busybox")
		} else {
			link(name, name)
		}
	}
	for _, name := range []string{"setpriv", "runuser", "su"} {
		link(name, name)
	}
	for name, text := range more {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	readable(t, dir)
	return dir
}

// readable lets all users read a folder of the test's.
func readable(t *testing.T, dir string) {
	t.Helper()
	for ; strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// skyLaunched is launched in an image, as a task of SkyPilot's is.
func skyLaunched(t *testing.T, image, setup, run string, more map[string]string, words ...string) *exec.Cmd {
	t.Helper()
	dir := programs(t, image, more)
	cmd := launched(t, setup, run, append(words, "--skypilot")...)
	cmd.Path = filepath.Join(dir, "sh")
	cmd.Env = append(cmd.Env, "PATH="+dir)
	return cmd
}

// output runs a command and returns its exit code and all it printed.
func output(cmd *exec.Cmd) (int, string) {
	out, _ := cmd.CombinedOutput() // the exit code is looked at
	return cmd.ProcessState.ExitCode(), string(out)
}

func TestSudoIsThereForRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	const nobody = "nobody\n"
	tests := map[string]struct {
		run  string
		code int
		out  string
	}{
		"as nothing before a command":     {`sudo echo "a  b" c`, 0, "a  b c\n"},
		"with the command's exit code":    {`sudo sh -c 'exit 7'`, 7, ""},
		"in a script that is called":      {`echo 'sudo echo in' >x.sh; sh x.sh`, 0, "in\n"},
		"in a program that is no shell":   {`env -- sudo echo in`, 0, "in\n"},
		"within sudo":                     {`sudo sh -c 'sudo echo in'`, 0, "in\n"},
		"behind a pipe":                   {`echo text | sudo cat`, 0, "text\n"},
		"with options":                    {`sudo -E -H -n echo o; sudo -EHn echo p; sudo --preserve-env=A --non-interactive -- echo q`, 0, "o\np\nq\n"},
		"with variables":                  {`A=1 sudo B="2 3" sh -c 'echo "$A $B"'`, 0, "1 2 3\n"},
		"with options and variables":      {`sudo -E -u root B=2 sh -c 'echo "$B"'`, 0, "2\n"},
		"with a command of several words": {`sudo sh -c 'echo "$1"' x "it's \$HOME \"quoted\""`, 0, "it's $HOME \"quoted\"\n"},
		"as another user":                 {`sudo -u nobody id -un; sudo -unobody id -un; sudo --user=nobody id -un; sudo --user nobody -- id -un`, 0, nobody + nobody + nobody + nobody},
		"as another user with quotes":     {`sudo -u nobody sh -c 'echo "$1"' x "it's \$HOME"`, 0, "it's $HOME\n"},
		"as another user by number":       {`sudo -u '#65534' id -un`, 0, nobody},
		"as root by name":                 {`sudo -u root id -un`, 0, "root\n"},
		"with a shell":                    {`echo 'echo "$0" | grep -c sh' | sudo -s; sudo -s echo hi`, 0, "1\nhi\n"},
		"with the environment as it is":   {"export user=a dir=b login=c shell=d background=e asked=f command=g word=h option=i\nenv | grep -v '^_=\\|^SHLVL=' | sort >was; sudo env | grep -v '^_=\\|^SHLVL=' | sort | diff was - && echo same", 0, "same\n"},
		"in another folder":               {`sudo -D / sh -c pwd; sudo --chdir=/ sh -c pwd`, 0, "/\n/\n"},
		"asked whether it may":            {`sudo -v && sudo -n true && sudo -l && echo may`, 0, "may\n"},
		"with no such command":            {`sudo nothing-like-it`, 1, "sudo: nothing-like-it: command not found\n"},
		"with no command":                 {`sudo`, 1, "usage: sudo [-EHi] [-u user] [NAME=value ...] command\n"},
		"with an option that is none":     {`sudo -Z x`, 1, "sudo: unknown option -Z\n"},
	}
	inEachImage(t, func(t *testing.T, image string) {
		dir := t.TempDir()
		readable(t, dir)
		var script strings.Builder // one launch for all of them
		names := slices.Sorted(maps.Keys(tests))
		for i, name := range names {
			file := filepath.Join(dir, strconv.Itoa(i))
			if err := os.WriteFile(file, []byte(tests[name].run), 0o644); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&script, "sh %s >%s.out 2>&1; echo $? >%s.code\n", file, file, file)
		}
		cmd := skyLaunched(t, image, "", script.String(), nil)
		cmd.Dir = dir
		if code, out := output(cmd); code != 0 || out != "" {
			t.Fatalf("%d: %q", code, out)
		}
		for i, name := range names {
			t.Run(name, func(t *testing.T) {
				tt := tests[name]
				out, _ := os.ReadFile(filepath.Join(dir, strconv.Itoa(i)+".out"))
				code, _ := os.ReadFile(filepath.Join(dir, strconv.Itoa(i)+".code"))
				if diff := cmp.Diff(fmt.Sprintf("%s%d\n", tt.out, tt.code), string(out)+string(code)); diff != "" {
					t.Errorf("output and exit code (-want,+got):\n%s", diff)
				}
			})
		}
		t.Run("also without runuser", func(t *testing.T) {
			cmd := skyLaunched(t, image, "", `rm "$PATH_OF/runuser"; sudo -u nobody sh -c 'id -un; echo "$1"' x "it's \$HOME 'a' b"`, nil)
			dir := filepath.Dir(cmd.Path)
			cmd.Env = append(cmd.Env, "PATH_OF="+dir)
			if code, out := output(cmd); code != 0 || out != "nobody\nit's $HOME 'a' b\n" {
				t.Errorf("%d: %q", code, out)
			}
		})
	})
}

func TestTheImagesSudoIsUsed(t *testing.T) {
	const theirs = "#!/bin/sh\necho theirs \"$@\"\n"
	inEachImage(t, func(t *testing.T, image string) {
		t.Run("where it has one", func(t *testing.T) {
			if code, out := output(skyLaunched(t, image, "", "sudo echo x", map[string]string{"sudo": theirs})); code != 0 || out != "theirs echo x\n" {
				t.Errorf("%d: %q", code, out)
			}
		})
		t.Run("where setup installs one", func(t *testing.T) {
			cmd := skyLaunched(t, image, `mv "${PATH%%:*}/new" "${PATH%%:*}/sudo"`, "sudo echo x", map[string]string{"new": theirs})
			if code, out := output(cmd); code != 0 || out != "theirs echo x\n" {
				t.Errorf("%d: %q", code, out)
			}
		})
	})
}

// asNobody lets a command run as a user without rights.
func asNobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	home := homeOf(cmd)
	readable(t, home)
	if err := os.Chown(home, 65534, 65534); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutRootTheReasonForTheMissingSudoIsPrinted(t *testing.T) {
	const hint = "vast: the script calls sudo, which the image does not have, and it runs as user 65534 and not as root\n"
	tests := map[string]struct {
		setup, run string
		code       int
		hints      int
	}{
		"when it fails by it":      {"", "sudo true", 127, 1},
		"when setup fails by it":   {"set -e\nsudo apt-get install x", "true", 127, 1},
		"not when it continues":    {"", "sudo true; true", 0, 0},
		"not when it looks for it": {"", "if command -v sudo; then exit 9; fi", 0, 0},
		"not of other words":       {"", "echo pseudo-sudoku no-sudo; exit 3", 3, 0},
	}
	inEachImage(t, func(t *testing.T, image string) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				cmd := skyLaunched(t, image, tt.setup, tt.run, nil)
				asNobody(t, cmd)
				cmd.Dir = "/"
				code, out := output(cmd)
				if got := strings.Count(out, hint); code != tt.code || got != tt.hints {
					t.Errorf("exit code %d, %d hints; want %d, %d:\n%s", code, got, tt.code, tt.hints, out)
				}
			})
		}
	})
}

func TestWhatSetupWritesToBashrcIsSeenByRun(t *testing.T) {
	const debian = "case $- in\n  *i*) ;;\n  *) return;;\nesac\nexport FROM_IMAGE=1\n"
	tests := map[string]struct {
		before, setup, run, want string
		bash                     bool
	}{
		"a variable":                      {setup: `echo 'export A="a b"' >>~/.bashrc`, run: `echo "$A"`, want: "a b\n"},
		"a folder of programs":            {setup: `mkdir ~/bin; printf '#!/bin/sh\necho own\n' >~/bin/own; chmod +x ~/bin/own; echo 'PATH=$HOME/bin:$PATH' >>~/.bashrc`, run: "own", want: "own\n"},
		"in scripts that are called":      {setup: `echo 'export A=a' >>~/.bashrc`, run: `sh -c 'echo $A'`, want: "a\n"},
		"behind what ends there":          {before: debian, setup: `echo 'export A=a' >>~/.bashrc`, run: `echo "$A-$FROM_IMAGE"`, want: "a-\n"},
		"behind a line without its end":   {before: "export B=b", setup: `printf '\nexport A=a' >>~/.bashrc`, run: `echo "$A"`, want: "a\n"},
		"in another place of it":          {before: "# end\n", setup: `printf 'export A=a\n# end\n' >~/.bashrc`, run: `echo "$A"`, want: "a\n"},
		"when it is made anew":            {setup: `printf 'export A=a' >~/.bashrc`, run: `echo "$A"`, want: "a\n"},
		"not what stood there before":     {before: "export A=a\necho no\n", setup: "true", run: `echo "${A-none}"`, want: "none\n"},
		"not without setup":               {before: "export A=a\necho no\n", run: `echo "${A-none}"`, want: "none\n"},
		"with its last word being false":  {setup: `echo 'export A=a; [ -f /nowhere ] && B=b' >>~/.bashrc`, run: `set -e; echo "$A"`, want: "a\n"},
		"and no line counts differently":  {bash: true, setup: `echo 'export A=a' >>~/.bashrc`, run: "\necho $LINENO", want: "2\n"},
		"a function":                      {setup: `printf 'f() {\n  echo "f $1"\n}\n' >>~/.bashrc`, run: "f x", want: "f x\n"},
		"what only bash has":              {bash: true, setup: `echo 'a=(1 2); export -f f 2>/dev/null; export A=${a[1]}' >>~/.bashrc`, run: `echo "$A"`, want: "2\n"},
		"and an error there ends nothing": {bash: true, setup: `echo 'export A=a; export -x; cd /nowhere 2>/dev/null' >>~/.bashrc`, run: `echo "$A" 2>&1 | tail -n 1`, want: "a\n"},
	}
	inEachImage(t, func(t *testing.T, image string) {
		for name, tt := range tests {
			if tt.bash && image == "busybox" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				cmd := skyLaunched(t, image, tt.setup, tt.run, nil)
				cmd.Dir = t.TempDir()
				if tt.before != "" {
					if err := os.WriteFile(filepath.Join(homeOf(cmd), ".bashrc"), []byte(tt.before), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				var errors strings.Builder
				cmd.Stderr = &errors
				out, err := cmd.Output()
				if diff := cmp.Diff(tt.want, string(out)); diff != "" || err != nil {
					t.Errorf("%v (-want,+got):\n%s%s", err, diff, errors.String())
				}
			})
		}
	})
	t.Run("busybox does not end at what only bash has", func(t *testing.T) {
		for _, line := range []string{`a=(1 2)`, `export -f f`} {
			code, out := output(skyLaunched(t, "busybox", "echo '"+line+"' >>~/.bashrc", "echo on", nil))
			if code != 0 || !strings.HasSuffix(out, "on\n") || !strings.Contains(out, "the image has no bash, and its sh does not understand it") {
				t.Errorf("%s: %d: %q", line, code, out)
			}
		}
	})
}

func homeOf(cmd *exec.Cmd) string {
	for _, e := range slices.Backward(cmd.Env) {
		if home, ok := strings.CutPrefix(e, "HOME="); ok {
			return home
		}
	}
	return ""
}

// The folder of conda is where its installer and its images put it.
func TestCondaIsActivatedWithoutItsInit(t *testing.T) {
	more := map[string]string{
		"conda/bin/conda":                 "#!/bin/sh\necho the program\n",
		"conda/etc/profile.d/conda.sh":    "conda() { echo \"function $1 $2\"; }\n",
		"conda-without-script/bin/conda ": "",
	}
	for _, image := range images[:3] {
		t.Run(image, func(t *testing.T) {
			for name, tt := range map[string]struct{ setup, run, want string }{
				"in run":                         {"", "conda activate x", "function activate x\n"},
				"in a script that it calls":      {"", "bash -c 'conda activate x'", "function activate x\n"},
				"in setup":                       {"conda activate x", "true", "function activate x\n"},
				"as the file of bash is written": {`echo 'conda activate y' >>~/.bashrc`, "conda activate x", "the program\nfunction activate x\n"},
			} {
				t.Run(name, func(t *testing.T) {
					cmd := skyLaunched(t, image, tt.setup, tt.run, more)
					dir := filepath.Dir(cmd.Path)
					cmd.Env = append(cmd.Env, "PATH="+dir+":"+dir+"/conda/bin")
					if code, out := output(cmd); code != 0 || out != tt.want {
						t.Errorf("%d: %q, want %q", code, out, tt.want)
					}
				})
			}
		})
	}
}

func TestATaskWithoutAWorkdirStartsInItsOwn(t *testing.T) {
	inEachImage(t, func(t *testing.T, image string) {
		t.Run("below the home", func(t *testing.T) {
			cmd := skyLaunched(t, image, "echo new >made", "pwd; cat ~/sky_workdir/made", nil)
			cmd.Dir = "/"
			if code, out := output(cmd); code != 0 || out != homeOf(cmd)+"/sky_workdir\nnew\n" {
				t.Errorf("%d: %q", code, out)
			}
		})
		t.Run("but in the image's where it names one", func(t *testing.T) {
			cmd := skyLaunched(t, image, "", "pwd", nil)
			cmd.Dir = t.TempDir()
			if code, out := output(cmd); code != 0 || out != cmd.Dir+"\n" {
				t.Errorf("%d: %q", code, out)
			}
		})
		t.Run("but in the file's", func(t *testing.T) {
			dir := t.TempDir()
			cmd := skyLaunched(t, image, "", "pwd", nil, "--workdir="+dir)
			cmd.Dir = "/"
			if code, out := output(cmd); code != 0 || out != dir+"\n" {
				t.Errorf("%d: %q", code, out)
			}
		})
		for name, home := range map[string]string{"a user without a home": "/", "a user whose home is not there": "/nowhere"} {
			t.Run(name+" has one that can be written to", func(t *testing.T) {
				cmd := skyLaunched(t, image, "", `pwd; : >x; cd ~; pwd`, nil)
				asNobody(t, cmd)
				cmd.Dir, cmd.Env = "/", append(cmd.Env, "HOME="+home) // the last one counts
				if code, out := output(cmd); code != 0 || out != "/tmp/sky_workdir\n/tmp\n" {
					t.Errorf("%d: %q", code, out)
				}
			})
		}
	})
}
