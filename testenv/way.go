package testenv

import (
	"context"
	"net/http"
	"time"
)

// Way is how a cluster comes about.
type Way string

// The ways, in the order in which they are tried.
const (
	WayExisting Way = "existing" // an existing cluster, which is never changed
	WayStock    Way = "stock"    // kind with the node image it was released with
	WaySource   Way = "source"   // kind with a node image built from source
)

// registry is asked whether images can be pulled. It is the one that holds kind's
// node image; any answer in the words of its protocol will do.
const registry = "https://registry-1.docker.io/v2/"

// registryTimeout bounds the question: without a network nothing answers at all.
const registryTimeout = 5 * time.Second

// facts are what the choice depends on. Those that take time to find out are asked
// for only when it comes to them.
type facts struct {
	kubeconfig string
	wanted     Way
	imageHere  func() bool // Docker holds the stock image
	registry   func() bool
}

// choose returns the way to a cluster and why it is that one.
func choose(f facts) (Way, string) {
	switch {
	case f.kubeconfig != "":
		return WayExisting, "a kubeconfig was given: " + f.kubeconfig
	case f.wanted != "":
		return f.wanted, "asked for"
	case f.imageHere():
		return WayStock, "Docker holds kind's node image"
	case f.registry():
		return WayStock, "a registry can be reached"
	default:
		return WaySource, "no registry can be reached"
	}
}

// registryAnswers reports whether there is a registry at the URL. It has to answer as
// registries do: a portal or a proxy that refuses answers too, but with something else.
func registryAnswers(ctx context.Context, client *http.Client, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, registryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return (response.StatusCode == http.StatusOK || response.StatusCode == http.StatusUnauthorized) &&
		response.Header.Get("Docker-Distribution-Api-Version") != ""
}
