package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// roundTripper sends the requests of the S3 client by the client of all HTTP providers.
type roundTripper struct{ p *provider }

// RoundTrip implements http.RoundTripper. Answers of an overloaded server and redirects
// are errors here, because the S3 client keeps neither Retry-After nor Location.
func (t *roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	var (
		resp *http.Response
		err  error
	)
	if r.Body != nil && r.ContentLength > 0 {
		resp, err = t.p.client.Send(r, r.Body, r.ContentLength, nil)
	} else {
		resp, err = t.p.client.Do(r)
	}
	if err != nil {
		return nil, err
	}
	if mode := resp.Header.Get("X-Amz-Server-Side-Encryption"); strings.HasPrefix(mode, "aws:kms") || resp.Header.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") != "" {
		t.p.opaque.Store(true)
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusLocked, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInsufficientStorage:
		return nil, t.p.client.Failure(resp, fmt.Sprintf("use bucket %q at %q", t.p.bucket, t.p.url))
	}
	return resp, nil
}

var (
	// refusedKeys are codes for credentials that are wrong, versitygw's last.
	refusedKeys = []string{"InvalidAccessKeyId", "SignatureDoesNotMatch", "XAdminUserNotFound"}
	// passing are codes of statuses below 500 that a repeated request does not get.
	passing = []string{"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch", "OperationAborted", "ConditionalRequestConflict",
		"InternalError", "ServiceUnavailable", "SlowDown"}
	// noSpace are codes of servers whose disk or quota is exhausted.
	noSpace = []string{"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientCapacity"}
	// inTheWay are codes for a name that is a folder's: versitygw's and MinIO's.
	inTheWay = []string{"ExistingObjectIsDirectory", "ObjectParentIsFile", "XMinioObjectExistsAsDirectory", "XMinioParentIsObject"}
)

// failed returns an error of the contract. name may be empty.
func (p *provider) failed(ctx context.Context, what, name string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if known := typed(err); known != nil {
		return known
	}
	where := fmt.Sprintf("bucket %q at %q", p.bucket, p.url)
	if name != "" {
		where = fmt.Sprintf("%q in %s", name, where)
	}
	answer := minio.ToErrorResponse(err)
	message := fmt.Sprintf("cannot %s %s: %s", what, where, text.OneLine(redact.Text(err.Error()), 300))
	if answer.StatusCode > 0 {
		message += fmt.Sprintf(" (%d)", answer.StatusCode)
	}
	switch {
	case answer.Code == minio.NoSuchBucket:
		return p.noBucket()
	case slices.Contains(refusedKeys, answer.Code):
		return &api.ForbiddenError{Message: fmt.Sprintf("%q refuses the access key or the secret key; check %s and %s", p.url, keySetting, secretSetting)}
	case answer.Code == "RequestTimeTooSkewed":
		return &api.ForbiddenError{Message: message + "; correct the clock of this machine"}
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		return &api.ForbiddenError{Message: message + "; the access key must be permitted to do this"}
	case slices.Contains(inTheWay, answer.Code):
		return &api.ConflictError{Message: fmt.Sprintf("%s is a folder, not an archive; remove it", where)}
	case answer.StatusCode == http.StatusPreconditionFailed:
		return p.exists(name)
	case slices.Contains(noSpace, answer.Code):
		return &api.UnavailableError{Message: message + "; free some space, or raise the quota"}
	case answer.Code == minio.NoSuchUpload, slices.Contains(passing, answer.Code):
		return &share.TemporaryError{Message: message, Cause: err}
	case answer.StatusCode == http.StatusNotFound:
		return &api.NotFoundError{Kind: "archive", Name: name, Hint: fmt.Sprintf("bucket %q at %q has none of this name", p.bucket, p.url)}
	case answer.StatusCode == http.StatusConflict:
		return &api.ConflictError{Message: message}
	case answer.StatusCode >= http.StatusBadRequest:
		return &api.NotSupportedError{Message: message}
	}
	// The connection, or an answer that is cut off.
	return &share.TemporaryError{Message: message, Cause: err}
}

func (p *provider) exists(name string) error {
	return &api.ConflictError{Message: fmt.Sprintf("%q is in bucket %q at %q already", name, p.bucket, p.url)}
}

// typed returns an error of the contract that the S3 client has wrapped, without the URL
// that it adds.
func typed(err error) error {
	var (
		temporary   *share.TemporaryError
		invalid     *api.InvalidSpecError
		forbidden   *api.ForbiddenError
		missing     *api.NotFoundError
		conflict    *api.ConflictError
		unsupported *api.NotSupportedError
		unavailable *api.UnavailableError
		source      *sourceError
	)
	switch {
	case errors.As(err, &source):
		return source.error
	case errors.As(err, &temporary):
		return temporary
	case errors.As(err, &invalid):
		return invalid
	case errors.As(err, &forbidden):
		return forbidden
	case errors.As(err, &missing):
		return missing
	case errors.As(err, &conflict):
		return conflict
	case errors.As(err, &unsupported):
		return unsupported
	case errors.As(err, &unavailable):
		return unavailable
	}
	return nil
}
