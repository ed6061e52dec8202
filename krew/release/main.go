// Command release builds what a release consists of: an archive of each plugin for each
// platform, an SBOM (CycloneDX) of each, their checksums, and the manifests for krew.
//
//	release -version v1.2.3 [-out dist] [-platforms linux/amd64,darwin/arm64] [-ldflags FLAGS] [-base URL]
//	release templates
//
// The same commit gives the same bytes, in whatever folder it is built: paths are trimmed,
// and the files of the archives have the time of the commit. `release templates` writes the
// templates of krew-release-bot from krew/plugins.go. It is called by the Makefile, in the root of the
// repository.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/krew"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "templates" {
		return templates()
	}
	r := &release{plugins: krew.Plugins, platforms: krew.Platforms}
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.StringVar(&r.version, "version", "", "version, such as v1.2.3")
	flags.StringVar(&r.out, "out", "dist", "folder of the results; files of an earlier release in it are removed")
	flags.StringVar(&r.ldflags, "ldflags", "", "flags for Go's linker")
	flags.StringVar(&r.base, "base", "", "URL of the folder of the archives for the manifests; GitHub's release if it is empty")
	flags.BoolVar(&r.sbom, "sbom", true, "write SBOMs")
	flags.Func("platforms", "platforms, such as linux/amd64,darwin/arm64; all if it is not given", func(list string) (err error) {
		r.platforms, err = parsePlatforms(list)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if !semver.MatchString(r.version) {
		return fmt.Errorf("version %q: krew accepts semantic versions with a v, such as v1.2.3", r.version)
	}
	return r.make(ctx)
}

// semver is what krew accepts as a version.
var semver = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

func parsePlatforms(list string) ([]krew.Platform, error) {
	var found []krew.Platform
	for name := range strings.SplitSeq(list, ",") {
		before := len(found)
		for _, p := range krew.Platforms {
			if p.String() == name {
				found = append(found, p)
			}
		}
		if len(found) == before {
			return nil, fmt.Errorf("%q is none of %v", name, krew.Platforms)
		}
	}
	return found, nil
}

// templates writes the templates for krew-release-bot.
func templates() error {
	for _, p := range krew.Plugins {
		text, err := krew.BotTemplate(p)
		if err != nil {
			return err
		}
		if err := os.WriteFile(p.TemplateFile(), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// release is what is built.
type release struct {
	plugins                     []krew.Plugin
	platforms                   []krew.Platform
	version, out, ldflags, base string
	sbom                        bool
	// made is the time of the commit.
	made time.Time
}

func (r *release) make(ctx context.Context) error {
	seconds, err := exec.CommandContext(ctx, "git", "log", "-1", "--format=%ct").Output()
	if err != nil {
		return fmt.Errorf("git log: %w", err)
	}
	unix, err := strconv.ParseInt(strings.TrimSpace(string(seconds)), 10, 64)
	if err != nil {
		return err
	}
	r.made = time.Unix(unix, 0).UTC()
	if err := r.clean(); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "vast-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	for _, platform := range r.platforms {
		dir := filepath.Join(temp, platform.OS+"-"+platform.Arch)
		if err := r.build(ctx, platform, dir); err != nil {
			return err
		}
		for _, plugin := range r.plugins {
			name := platform.Archive(plugin.Name, r.version)
			program := filepath.Join(dir, platform.Program(plugin.Name))
			if err := writeArchive(filepath.Join(r.out, name), r.made, []string{program, "LICENSE", "NOTICE"}); err != nil {
				return err
			}
			if err := r.writeSBOM(ctx, program, filepath.Join(r.out, name+".sbom.json")); err != nil {
				return err
			}
			fmt.Println(filepath.Join(r.out, name))
		}
	}
	sums, err := writeChecksums(r.out)
	if err != nil {
		return err
	}
	return r.writeManifests(sums)
}

// clean removes what an earlier release has left in the folder.
func (r *release) clean() error {
	old, err := filepath.Glob(filepath.Join(r.out, "kubectl-*"))
	if err != nil {
		return err
	}
	for _, file := range append(old, filepath.Join(r.out, checksumsFile), filepath.Join(r.out, "krew")) {
		if err := os.RemoveAll(file); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(r.out, "krew"), 0o755)
}

// build builds all plugins for a platform.
func (r *release) build(ctx context.Context, platform krew.Platform, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// The commit is a flag of the linker: what Go writes of a repository depends on the clone.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", r.ldflags, "-o", dir+string(filepath.Separator), "./plugins/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Arch)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build for %s: %w", platform, err)
	}
	return nil
}

// writeManifests writes the manifests for krew, with the platforms that were built.
func (r *release) writeManifests(sums map[string]string) error {
	for _, p := range r.plugins {
		text, err := krew.Manifest(p, r.version, r.base, r.platforms, sums)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.out, "krew", p.Name+".yaml"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
