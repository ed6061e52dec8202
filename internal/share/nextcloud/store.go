package nextcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kubevast/vast/internal/share/dav"
	"github.com/kubevast/vast/sdk/share"
)

// store sends a content in chunks where the server takes them, or else in one PUT, whose
// answer has the SHA-256 of what was received if "X-Hash" asks for it (nextcloud/server,
// pull request 19351). The header OC-Checksum is not used: the server keeps it as it is sent.
func (p *provider) store(ctx context.Context, s *dav.Share, part string, source share.Source, progress func(int64)) (share.Checksums, error) {
	if p.chunks.Load() && source.Size > p.chunkSize {
		err := p.storeChunks(ctx, s, part, source, progress)
		if !errors.Is(err, errNoChunks) {
			return share.Checksums{}, err
		}
		p.chunks.Store(false)
		if err := p.discard(ctx, s, part); err != nil {
			return share.Checksums{}, err
		}
	}
	content, err := source.Open(ctx, 0)
	if err != nil {
		return share.Checksums{}, err
	}
	if progress != nil {
		progress(0)
	}
	r := dav.Request(ctx, p.client, http.MethodPut, s.URL(part), "Content-Type", "application/octet-stream", "X-Hash", "sha256")
	resp, err := p.client.Send(r, content, source.Size, progress)
	if err != nil {
		return share.Checksums{}, err
	}
	sums := share.Checksums{SHA256: strings.ToLower(resp.Header.Get("X-Hash-SHA256"))}
	return sums, s.Expect(resp, fmt.Sprintf("store %q", part))
}

// sum returns the SHA-256 of a stored file, which the server computes for a PATCH with
// X-Recalculate-Hash (nextcloud/server, apps/dav/lib/Connector/Sabre/ChecksumUpdatePlugin.php).
// Other answers than 204 are those of a server without it.
func (p *provider) sum(ctx context.Context, s *dav.Share, name string) (share.Checksums, error) {
	resp, err := p.client.Do(dav.Request(ctx, p.client, http.MethodPatch, s.URL(name), "X-Recalculate-Hash", "sha256"))
	if err != nil {
		return share.Checksums{}, err
	}
	if resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented {
		return share.Checksums{}, p.client.Failure(resp, fmt.Sprintf("verify %q", name))
	}
	kind, value, _ := strings.Cut(resp.Header.Get("OC-Checksum"), ":")
	if resp.StatusCode != http.StatusNoContent || !strings.EqualFold(kind, "sha256") {
		value = ""
	}
	return share.Checksums{SHA256: strings.ToLower(value)}, resp.Body.Close()
}
