package walls_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// A repository's credentials are in no object, log or message: not a token that
// is given as a secret, and not one in a URL, which is refused.
func TestWall07NoCredentialOfARepositoryIsPrinted(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	token, inURL := newCanary(), newCanary()
	p.env = append(p.env, "GIT_TOKEN="+token.text)

	for _, url := range []string{"https://me:" + inURL.text + "@git.invalid/x.git", "https://" + inURL.text + "@git.invalid/x.git", "https://git.invalid/x?token=" + inURL.text,
		"ssh://git:" + inURL.text + "@git.invalid/x", "https://me:%zz" + inURL.text + "@git.invalid/x", "file:///" + inURL.text, "ext::" + inURL.text} {
		task := p.file("bad.yaml", "workdir: {url: "+quotedYAML(url)+"}\nrun: ls\n")
		p.vast("submit", "-d", task).exits(2).says("bad.yaml:1:10: workdir.url: ")
	}
	p.vast("submit", "-d", p.file("ssh.yaml", "workdir: {url: 'git@git.invalid:x.git', ref: main}\nsecrets: {GIT_SSH_KEY: x}\nrun: ls\n")).exits(2).
		says("no key of the host git.invalid is known", "ssh-keyscan git.invalid")
	p.vast("submit", "-d", p.file("http.yaml", "workdir: {url: 'http://git.invalid/x.git'}\nsecrets: {GIT_TOKEN: null}\nrun: ls\n"), "--secret", "GIT_TOKEN").exits(2).
		says("write the URL with https://")

	// The pod gets as far as asking for the repository.
	task := p.file("task.yaml", "name: cloned\nworkdir: {url: 'https://git.invalid/x.git', ref: main}\nsecrets: {GIT_TOKEN: null}\nrun: ls\n")
	p.vast("submit", "-d", task, "--secret", "GIT_TOKEN").exits(0)
	waitFor(t, "the pod could not clone", func() (bool, any) {
		r := p.vast("status", "@latest")
		return strings.Contains(r.stdout, "git.invalid") && strings.Contains(r.stdout, "Failed"), r.stdout + r.stderr
	})
	p.inEveryForm("status", "@latest")
	p.inEveryForm("list")
	p.vast("logs", "@latest")
	p.searchEverywhere(token)
	p.searchEverywhere(inURL)
}

func quotedYAML(text string) string {
	data, _ := json.Marshal(text) // a text has a JSON form
	return string(data)
}
