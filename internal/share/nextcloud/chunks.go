package nextcloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/kubevast/vast/internal/share/dav"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// The limits of chunked uploads, version 2
// (docs.nextcloud.com, developer manual, "Chunked file upload"): a chunk has 5 MB to 5 GB, and its name
// is a number from 1 to 10000. The folder of chunks is removed after 24 hours without a
// request.
const (
	defaultChunk = 32 << 20
	maxChunks    = 10000
)

// errNoChunks is returned where the server does not take chunks after all: the final MOVE
// of Nextcloud 32 and 33 fails for some links (nextcloud/server, issue 59170).
var errNoChunks = errors.New("the server does not take chunks")

// takesChunks reports whether the server announces chunked uploads for public links. It
// is off, or missing, in many releases. A server without an answer has none.
func (p *provider) takesChunks(ctx context.Context) (bool, error) {
	r := dav.Request(ctx, p.client, http.MethodGet, p.link.below("ocs/v1.php/cloud/capabilities"), "OCS-APIRequest", "true", "Accept", "application/json")
	r.URL.RawQuery = "format=json"
	var answer struct {
		OCS struct {
			Data struct {
				Capabilities struct {
					DAV struct {
						Chunks bool `json:"public_shares_chunking"`
					} `json:"dav"`
				} `json:"capabilities"`
			} `json:"data"`
		} `json:"ocs"`
	}
	found, err := p.getJSON(r, &answer)
	if api.IsInvalidSpec(err) { // a redirect
		return false, nil
	}
	return found && answer.OCS.Data.Capabilities.DAV.Chunks, err
}

// chunkFolder returns the folder of an upload's chunks, with a slash at its end.
func (p *provider) chunkFolder(part string) *url.URL {
	sum := sha256.Sum256([]byte(part))
	return p.link.below("public.php/dav/uploads/" + p.link.token + "/vast-" + hex.EncodeToString(sum[:16]) + "/")
}

// storeChunks sends the chunks that the server does not have, and has it put them
// together as part. It returns errNoChunks if the server refuses.
func (p *provider) storeChunks(ctx context.Context, s *dav.Share, part string, source share.Source, progress func(int64)) error {
	size := max(p.chunkSize, (source.Size+maxChunks-1)/maxChunks)
	u := chunked{provider: p, share: s, part: part, source: source, size: size, folder: p.chunkFolder(part), progress: progress}
	have, err := u.begin(ctx)
	if err != nil {
		return err
	}
	for i := range (source.Size + size - 1) / size {
		length := min(size, source.Size-i*size)
		if have[i+1] == length {
			u.report((i+1)*size, 0)
			continue
		}
		if err := u.put(ctx, i, length); err != nil {
			return err
		}
	}
	return u.assemble(ctx)
}

// chunked is a chunked upload.
type chunked struct {
	*provider
	share    *dav.Share
	part     string
	source   share.Source
	size     int64
	folder   *url.URL
	progress func(int64)
}

func (u *chunked) report(before, sent int64) {
	if u.progress != nil {
		u.progress(min(before+sent, u.source.Size))
	}
}

func (u *chunked) request(ctx context.Context, method string, to *url.URL) *http.Request {
	return dav.Request(ctx, u.client, method, to, "Destination", u.share.URL(u.part).String(),
		"OC-Total-Length", strconv.FormatInt(u.source.Size, 10))
}

// begin returns the sizes of the chunks that are on the server by their numbers, and makes
// the folder if there is none.
func (u *chunked) begin(ctx context.Context) (map[int64]int64, error) {
	have := map[int64]int64{}
	err := dav.Propfind(ctx, u.client, u.folder, "1", func(e dav.Entry) bool {
		// With a storage that takes chunks itself, the name has no zeros before it.
		if n, err := strconv.ParseInt(e.Name, 10, 32); err == nil && !e.Folder {
			have[n] = e.Size
		}
		return true
	})
	if err == nil {
		return have, nil
	}
	if !api.IsNotFound(err) {
		return nil, u.refused(err)
	}
	resp, err := u.client.Do(u.request(ctx, "MKCOL", u.folder))
	if err != nil {
		return nil, err
	}
	return have, u.refused(u.share.Expect(resp, "start a chunked upload"))
}

// refused returns errNoChunks for an error that will not pass.
func (u *chunked) refused(err error) error {
	var temporary *share.TemporaryError
	if err == nil || errors.As(err, &temporary) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errors.Join(errNoChunks, err)
}

// put sends one chunk; i counts from 0.
func (u *chunked) put(ctx context.Context, i, length int64) error {
	content, err := u.source.Open(ctx, i*u.size)
	if err != nil {
		return err
	}
	u.report(i*u.size, 0)
	r := u.request(ctx, http.MethodPut, dav.Below(u.folder, fmt.Sprintf("%05d", i+1)))
	resp, err := u.client.Send(r, content, length, func(n int64) { u.report(i*u.size, n) })
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusNotFound {
		_ = resp.Body.Close() // the status is enough
		return &share.TemporaryError{Message: fmt.Sprintf("the server has removed the chunks of %q", u.part)}
	}
	return u.share.Expect(resp, fmt.Sprintf("store chunk %d of %q", i+1, u.part))
}

// assemble has the server put the chunks together. An answer may be lost or wrong, so the
// file is looked for.
func (u *chunked) assemble(ctx context.Context) error {
	r := u.request(ctx, "MOVE", dav.Below(u.folder, ".file"))
	r.Header.Set("Overwrite", "F")
	resp, err := u.client.Do(r)
	status := 0
	if err == nil {
		status = resp.StatusCode
		err = u.share.Expect(resp, fmt.Sprintf("put the chunks of %q together", u.part))
	}
	if err == nil {
		return nil
	}
	if o, lookErr := u.share.Stat(ctx, u.part); lookErr == nil && o.Size == u.source.Size {
		return nil
	}
	switch status {
	case http.StatusInternalServerError, http.StatusNotImplemented: // 500 is that of issue 59170
		return errors.Join(errNoChunks, err)
	case http.StatusInsufficientStorage, http.StatusRequestEntityTooLarge:
		return err
	}
	return u.refused(err)
}

// discard removes the chunks of an upload.
func (p *provider) discard(ctx context.Context, s *dav.Share, part string) error {
	resp, err := p.client.Do(dav.Request(ctx, p.client, http.MethodDelete, p.chunkFolder(part)))
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusNotFound {
		return resp.Body.Close()
	}
	return s.Expect(resp, "remove chunks")
}
