package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// failed makes one of the SDK's errors of what the store said. Credentials are
// in none of its messages.
func (s *Store) failed(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if ours := apiError(err); ours != nil {
		return ours // of the way to the store
	}
	answer := minio.ToErrorResponse(err)
	where := fmt.Sprintf("bucket %q of the store at %s", s.Bucket, s.Endpoint)
	switch {
	case answer.Code == minio.NoSuchBucket:
		return &api.NotFoundError{Kind: "bucket", Name: s.Bucket, Hint: "the store at " + s.Endpoint + " has no such bucket",
			Remedies: append(s.setupAgain(), s.setupAgain("StoreBucket=NAME")...)}
	// The last one is versitygw's for an unknown key.
	case answer.Code == "InvalidAccessKeyId", answer.Code == "SignatureDoesNotMatch", answer.Code == "XAdminUserNotFound":
		return &api.ForbiddenError{Message: fmt.Sprintf("the store at %s does not accept the credentials in %s", s.Endpoint, s.credentials()),
			Cause: err, Remedies: s.setupAgain()}
	// For a delete of many objects the code is the only information about each.
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized, answer.Code == minio.AccessDenied:
		return &api.ForbiddenError{Message: fmt.Sprintf("the credentials in %s may not %s %s", s.credentials(), what, where), Cause: err}
	case isUntrusted(err):
		return invalid(s.setupAgain(), "the store at %s is not trusted: its certificate does not match %s in %s (%s)",
			s.Endpoint, kube.StoreCA, s.credentials(), text.Line(reason(err)))
	case isFull(answer):
		return &api.UnavailableError{Message: fmt.Sprintf("cannot %s %s: the store is full; delete results that are not needed, or give it more space", what, where), Cause: err}
	case errors.Is(err, http.ErrSchemeMismatch):
		return invalid(s.setupAgain("StoreEndpoint=http://..."), "the store at %s speaks http, not https", s.Endpoint)
	}
	return &api.UnavailableError{Message: fmt.Sprintf("cannot %s %s: %s", what, where, text.Line(err.Error())), Cause: err}
}

// credentials says where they are from.
func (s *Store) credentials() string { return cmp.Or(s.login, "Secret "+s.secret) }

// IsUnknownAccount reports that the store has no such account: that of the
// request, or one that a policy names.
func IsUnknownAccount(err error) bool {
	switch minio.ToErrorResponse(errors.Unwrap(err)).Code {
	case "InvalidAccessKeyId", "XAdminUserNotFound", "MalformedPolicy":
		return true
	}
	return false
}

// fullStore are codes of servers whose disk or quota is exhausted; versitygw has the
// status 507 alone.
var fullStore = []string{"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientCapacity"}

// isFull reports that the store has no space left.
func isFull(answer minio.ErrorResponse) bool {
	return answer.StatusCode == http.StatusInsufficientStorage || slices.Contains(fullStore, answer.Code)
}

// isUntrusted reports that the server could not prove to be the store.
func isUntrusted(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError))
}

// reason is what is wrong with the certificate.
func reason(err error) string {
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) && untrusted.Err != nil {
		return untrusted.Err.Error()
	}
	return err.Error()
}

// setupAgain returns what fixes a namespace's own store: set-up again, with options.
// It returns nothing for a store that is not from the namespace's Secret.
func (s *Store) setupAgain(options ...string) []api.Remedy {
	if s.login != "" {
		return nil
	}
	return []api.Remedy{{Action: api.ClusterSetup, Namespace: s.namespace, Options: options}}
}

// failedAt is failed for one object.
func (s *Store) failedAt(ctx context.Context, what, key string, err error) error {
	switch answer := minio.ToErrorResponse(err); {
	case err == nil:
		return nil
	case answer.Code == minio.NoSuchKey, answer.StatusCode == http.StatusNotFound && answer.Code == "NotFound":
		return notFound(key)
	case answer.Code == minio.PreconditionFailed, answer.StatusCode == http.StatusPreconditionFailed:
		return exists(key)
	case isInTheWay(answer):
		return inTheWay(key, err)
	case slices.Contains(refusedContent, answer.Code), isChanged(err):
		return &api.ConflictError{Message: fmt.Sprintf("the content of object %q is not what was announced: did it change meanwhile?", key), Cause: err}
	case slices.Contains(refusedObject, answer.Code):
		return api.Invalid("", "the store at %s does not take object %q: %s", s.Endpoint, key, text.Line(cmp.Or(answer.Message, answer.Code)))
	case answer.Code == minio.NoSuchUpload:
		return &api.ConflictError{Message: fmt.Sprintf("the upload of object %q was given up meanwhile: was its result deleted?", key), Cause: err}
	}
	return s.failed(ctx, what, err)
}

var (
	// refusedContent are the codes for content that is not as its hash says.
	refusedContent = []string{"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"}
	// refusedObject are those for what a store will never take, its key for the most
	// part; the last one is MinIO's.
	refusedObject = []string{"KeyTooLongError", "InvalidURI", "InvalidArgument", "InvalidRequest", "XMinioInvalidObjectName"}
	// keyInTheWay are those for a key that would have to be the folder of another,
	// or is it: versitygw's and MinIO's, which keep objects as files.
	keyInTheWay = []string{"ObjectParentIsFile", "ExistingObjectIsDirectory", "XMinioParentIsObject", "XMinioObjectExistsAsDirectory"}
)

// isInTheWay also recognizes rclone's answer, which has a code for requests of
// any kind.
func isInTheWay(answer minio.ErrorResponse) bool {
	return slices.Contains(keyInTheWay, answer.Code) || answer.Code == "InvalidRequest" && strings.Contains(answer.Message, " is the name of ")
}

// apiError finds one of the SDK's errors below what the HTTP client made of it.
func apiError(err error) error {
	var (
		unavailable *api.UnavailableError
		forbidden   *api.ForbiddenError
		missing     *api.NotFoundError
		invalid     *api.InvalidSpecError
		conflict    *api.ConflictError
	)
	switch {
	case errors.As(err, &unavailable):
		return unavailable
	case errors.As(err, &forbidden):
		return forbidden
	case errors.As(err, &missing):
		return missing
	case errors.As(err, &invalid):
		return invalid
	case errors.As(err, &conflict):
		return conflict
	}
	return nil
}
