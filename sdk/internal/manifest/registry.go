package manifest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// SkyPilot's variables for a private registry.
const (
	dockerUser     = "SKYPILOT_DOCKER_USERNAME"
	dockerPassword = "SKYPILOT_DOCKER_PASSWORD" //nolint:gosec // a name
	dockerServer   = "SKYPILOT_DOCKER_SERVER"
)

// login are the values of the variables.
func (b *builder) login() map[string]string {
	login := map[string]string{}
	for _, e := range slices.Concat(b.task.Envs, b.task.Secrets) {
		login[e.Name] = e.Value
	}
	return login
}

// registryLogin makes a Docker configuration of the variables, or nil.
func (b *builder) registryLogin() []byte {
	login := b.login()
	user, password, server := login[dockerUser], login[dockerPassword], login[dockerServer]
	if user == "" || password == "" || server == "" {
		return nil
	}
	config, _ := json.Marshal(map[string]any{"auths": map[string]any{server: map[string]string{
		"username": user, "password": password,
		"auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + password)),
	}}}) // strings in maps always marshal
	return config
}

// hubs are names of Docker Hub, where images without a registry are.
var hubs = []string{"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}

// atRegistry puts a registry, which may have a path, before an image that names
// none, as SkyPilot does. (SkyPilot does it also before an image of another
// registry, which only a mirror could have.)
func atRegistry(server, image string) string {
	_, bare, url := strings.Cut(server, "://")
	if !url {
		bare = server
	}
	bare = strings.Trim(bare, "/")
	host, _, _ := strings.Cut(bare, "/")
	if url { // as Docker's own configuration writes it, with a path of its API
		bare = host
	}
	if bare == "" || slices.Contains(hubs, host) {
		return image
	}
	if first, _, path := strings.Cut(image, "/"); path && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return image
	}
	return bare + "/" + image
}
