package krew

import (
	"bytes"
	_ "embed"
	"fmt"
	"path"
	"regexp"
	"strings"
	"text/template"
)

//go:embed manifest.tmpl
var source string

// BotTemplate returns the template of a plugin's manifest that krew-release-bot renders.
// Its language is Go's text/template with the functions addURIAndSha and indent; see
// https://github.com/rajatjindal/krew-release-bot.
func BotTemplate(p Plugin) ([]byte, error) { return botTemplate(p, Platforms) }

func botTemplate(p Plugin, platforms []Platform) ([]byte, error) {
	t, err := template.New("manifest").Delims("<<", ">>").Funcs(template.FuncMap{"indented": indented}).Parse(source)
	if err != nil {
		return nil, fmt.Errorf("parse the template of the manifests: %w", err)
	}
	var out bytes.Buffer
	data := struct {
		Plugin
		Homepage  string
		Platforms []Platform
	}{p, homepage, platforms}
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("render the template of plugin %s: %w", p.Name, err)
	}
	return out.Bytes(), nil
}

// indented indents the lines of a paragraph for YAML. Empty lines stay empty.
func indented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "    " + line
		}
	}
	return strings.Join(lines, "\n")
}

// Manifest returns the manifest of a release as the bot would render it, from the
// checksums of the archives by their file names. If base is not empty, the archives are
// below that URL, and not in the release on GitHub. An archive without a checksum is an
// error.
func Manifest(p Plugin, version, base string, platforms []Platform, sums map[string]string) ([]byte, error) {
	text, err := botTemplate(p, platforms)
	if err != nil {
		return nil, err
	}
	release := struct{ TagName string }{version}
	funcs := template.FuncMap{
		"indent": func(n int, s string) string { return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", n)) },
		"addURIAndSha": func(uri, _ string) (string, error) {
			t, err := template.New("uri").Parse(uri)
			if err != nil {
				return "", err
			}
			var out bytes.Buffer
			if err := t.Execute(&out, release); err != nil {
				return "", err
			}
			uri = out.String()
			sum := sums[path.Base(uri)]
			if sum == "" {
				return "", fmt.Errorf("no checksum of %s", path.Base(uri))
			}
			if base != "" {
				uri = strings.TrimSuffix(base, "/") + "/" + path.Base(uri)
			}
			return "uri: " + uri + "\n    sha256: " + sum, nil // four spaces, as the bot
		},
	}
	t, err := template.New(p.Name).Funcs(funcs).Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("parse the template of plugin %s: %w", p.Name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, release); err != nil {
		return nil, fmt.Errorf("render the manifest of plugin %s: %w", p.Name, err)
	}
	return comments.ReplaceAll(out.Bytes(), nil), nil
}

// comments are those of the template, which are not about a manifest.
var comments = regexp.MustCompile(`(?m)^#.*\n`)
