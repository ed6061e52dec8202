package rootfs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// hostSources returns the host's package sources for Debian itself as lines of a
// sources.list, none where the host is no Debian.
func hostSources() []string {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return nil
	}
	facts := parseRelease(string(release))
	if facts["ID"] != "debian" || facts["VERSION_CODENAME"] == "" {
		return nil
	}
	files := []string{"/etc/apt/sources.list"}
	for _, pattern := range []string{"*.list", "*.sources"} {
		more, _ := filepath.Glob(filepath.Join("/etc/apt/sources.list.d", pattern)) // the pattern is well-formed
		files = append(files, more...)
	}
	var lines []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // not there, which is usual
		}
		if strings.HasSuffix(file, ".sources") {
			lines = append(lines, fromStanzas(string(content), facts["VERSION_CODENAME"])...)
		} else {
			lines = append(lines, fromList(string(content), facts["VERSION_CODENAME"])...)
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// fromList reads the older format, one source a line.
func fromList(content, codename string) []string {
	var lines []string
	for line := range strings.Lines(content) {
		line, _, _ = strings.Cut(line, "#")
		if open, rest, ok := strings.Cut(line, "["); ok { // options such as signed-by
			_, rest, _ = strings.Cut(rest, "]")
			line = open + rest
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] != "deb" {
			continue
		}
		lines = append(lines, debianLine(fields[1], fields[2], fields[3:], codename)...)
	}
	return lines
}

// fromStanzas reads the newer format, fields with a name.
func fromStanzas(content, codename string) []string {
	var lines []string
	for stanza := range strings.SplitSeq(content, "\n\n") {
		fields := map[string][]string{}
		for line := range strings.Lines(stanza) {
			if name, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, " ") {
				fields[strings.ToLower(name)] = strings.Fields(value)
			}
		}
		if !slices.Contains(fields["types"], "deb") || slices.Contains(fields["enabled"], "no") {
			continue
		}
		for _, uri := range fields["uris"] {
			for _, suite := range fields["suites"] {
				lines = append(lines, debianLine(uri, suite, fields["components"], codename)...)
			}
		}
	}
	return lines
}

// debianLine keeps a source that offers Debian's own packages and drops all others,
// whose keys and packages are no business of an image. The host may be of another
// release than the images; mirrors hold them all.
func debianLine(uri, suite string, components []string, codename string) []string {
	pocket, ok := strings.CutPrefix(suite, codename)
	own := pocket == "" || pocket == "-updates" || pocket == "-security"
	if !ok || !own || !slices.Contains(components, "main") {
		return nil
	}
	return []string{"deb " + uri + " " + Suite + pocket + " main"}
}

func parseRelease(content string) map[string]string {
	facts := map[string]string{}
	for line := range strings.Lines(content) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			facts[name] = strings.Trim(value, `"'`)
		}
	}
	return facts
}
