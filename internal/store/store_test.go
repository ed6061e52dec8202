package store

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/api"
)

func TestAnErrorOfAStoreBecomesOneOfOurs(t *testing.T) {
	t.Parallel()
	s := &Store{Endpoint: "https://s3.example.com", Bucket: "results"}
	for name, c := range map[string]struct {
		err  error
		want error
		says string
	}{
		"no such bucket":             {minio.ErrorResponse{Code: "NoSuchBucket", StatusCode: http.StatusNotFound}, &api.NotFoundError{}, "the store at https://s3.example.com has no such bucket"},
		"an unknown key":             {minio.ErrorResponse{Code: "InvalidAccessKeyId", StatusCode: http.StatusForbidden}, &api.ForbiddenError{}, "does not accept the credentials"},
		"a key unknown to versitygw": {minio.ErrorResponse{Code: "XAdminUserNotFound", StatusCode: http.StatusNotFound}, &api.ForbiddenError{}, "does not accept the credentials"},
		"a wrong key":                {minio.ErrorResponse{Code: "SignatureDoesNotMatch", StatusCode: http.StatusForbidden}, &api.ForbiddenError{}, "does not accept the credentials"},
		"a missing right":            {minio.ErrorResponse{Code: "AccessDenied", StatusCode: http.StatusForbidden}, &api.ForbiddenError{}, `may not put an object into bucket "results"`},
		"an overload":                {minio.ErrorResponse{Code: "SlowDown", StatusCode: http.StatusServiceUnavailable, Message: "reduce\nyour rate"}, &api.UnavailableError{}, "reduce your rate"},
		"no answer":                  {context.DeadlineExceeded, &api.UnavailableError{}, "deadline exceeded"},
		"TLS where there is none":    {&url.Error{Op: "Get", URL: "https://store", Err: http.ErrSchemeMismatch}, &api.InvalidSpecError{}, "speaks http, not https"},
		"an error of the way there":  {&api.ForbiddenError{Message: "no right to forward ports"}, &api.ForbiddenError{}, "no right to forward ports"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.failed(t.Context(), "put an object into", c.err)
			if !sameKind(got, c.want) || !strings.Contains(got.Error(), c.says) || strings.Contains(got.Error(), "\n") {
				t.Errorf("%T %v", got, got)
			}
		})
	}
	for name, c := range map[string]struct {
		login string
		err   error
		want  []api.Remedy
	}{
		"no bucket is fixed by another set-up or another bucket": {"", minio.ErrorResponse{Code: "NoSuchBucket"}, []api.Remedy{
			{Action: api.ClusterSetup, Namespace: "lab"}, {Action: api.ClusterSetup, Namespace: "lab", Options: []string{"StoreBucket=NAME"}}}},
		"wrong credentials are fixed by another set-up":          {"", minio.ErrorResponse{Code: "InvalidAccessKeyId"}, []api.Remedy{{Action: api.ClusterSetup, Namespace: "lab"}}},
		"set-up does not fix a store that a URI names":           {"the environment", minio.ErrorResponse{Code: "NoSuchBucket"}, nil},
		"nor the credentials for it":                             {"the environment", minio.ErrorResponse{Code: "InvalidAccessKeyId"}, nil},
		"a missing right is no matter of the namespace's set-up": {"", minio.ErrorResponse{Code: "AccessDenied"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Store{Endpoint: "https://s3.example.com", Bucket: "results", namespace: "lab", login: c.login}
			if diff := cmp.Diff(c.want, api.Remedies(s.failed(t.Context(), "list", c.err))); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
	t.Run("the end of the caller's own context stays what it is", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.failed(ctx, "list", errors.New("something broke")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestTheAttributesOfAnObject(t *testing.T) {
	t.Parallel()
	s := &Store{Endpoint: "https://s3.example.com", Bucket: "results"}
	for name, c := range map[string]struct {
		code, message string
		status        int
		want          error
	}{
		"that it is not there":                       {minio.NoSuchKey, "", http.StatusNotFound, &api.NotFoundError{}},
		"that it is there":                           {minio.PreconditionFailed, "", http.StatusPreconditionFailed, &api.ConflictError{}},
		"that it would be below a file":              {"ObjectParentIsFile", "", http.StatusConflict, &api.ConflictError{}},
		"that it would be a folder's name":           {"ExistingObjectIsDirectory", "", http.StatusConflict, &api.ConflictError{}},
		"that it would be below a file, rclone's":    {"InvalidRequest", `Directory "a" is the name of an object`, http.StatusBadRequest, &api.ConflictError{}},
		"that it would be a folder's name, rclone's": {"InvalidRequest", `Object name "a/b" is the name of a directory`, http.StatusBadRequest, &api.ConflictError{}},
		"that its request is wrong in another way":   {"InvalidRequest", "no", http.StatusBadRequest, &api.InvalidSpecError{}},
		"that its name is too long":                  {"KeyTooLongError", "", http.StatusBadRequest, &api.InvalidSpecError{}},
		"that its name is too long, MinIO's":         {"XMinioInvalidObjectName", "", http.StatusBadRequest, &api.InvalidSpecError{}},
		"that its content has another SHA-256":       {"XAmzContentSHA256Mismatch", "", http.StatusBadRequest, &api.ConflictError{}},
		"that its content has another MD5":           {"BadDigest", "", http.StatusBadRequest, &api.ConflictError{}},
		"that its upload was aborted meanwhile":      {minio.NoSuchUpload, "", http.StatusNotFound, &api.ConflictError{}},
		"that it may not be read":                    {"AccessDenied", "", http.StatusForbidden, &api.ForbiddenError{}},
		"that another operation is in progress":      {"OperationAborted", "", http.StatusConflict, &api.UnavailableError{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.failedAt(t.Context(), "put an object into", "a/b", minio.ErrorResponse{Code: c.code, Message: c.message, StatusCode: c.status})
			if !sameKind(got, c.want) {
				t.Errorf("%T %v", got, got)
			}
		})
	}
}

func sameKind(got, want error) bool {
	switch want.(type) {
	case *api.NotFoundError:
		return errors.As(got, new(*api.NotFoundError))
	case *api.ForbiddenError:
		return errors.As(got, new(*api.ForbiddenError))
	case *api.InvalidSpecError:
		return errors.As(got, new(*api.InvalidSpecError))
	case *api.ConflictError:
		return errors.As(got, new(*api.ConflictError))
	}
	return errors.As(got, new(*api.UnavailableError))
}

func TestASecretThatCannotBeRightIsRefused(t *testing.T) {
	t.Parallel()
	whole := Config{Endpoint: "http://s3.example.com:9000", Bucket: "results", AccessKey: "me", SecretKey: "sesame-open"}
	if _, err := Connect(whole); err != nil {
		t.Errorf("a complete one: %v", err)
	}
	for name, change := range map[string]func(*Config){
		"no endpoint":      func(c *Config) { c.Endpoint = "" },
		"no scheme":        func(c *Config) { c.Endpoint = "s3.example.com:9000" },
		"another scheme":   func(c *Config) { c.Endpoint = "s3://results" },
		"a path":           func(c *Config) { c.Endpoint += "/results" },
		"a password in it": func(c *Config) { c.Endpoint = "http://me:sesame-open@s3.example.com" },
		"no bucket":        func(c *Config) { c.Bucket = "" },
		"no access key":    func(c *Config) { c.AccessKey = "" },
		"no secret key":    func(c *Config) { c.SecretKey = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := whole
			change(&c)
			_, err := Connect(c)
			if !errors.As(err, new(*api.InvalidSpecError)) {
				t.Fatalf("%T %v", err, err)
			}
			if strings.Contains(err.Error(), c.SecretKey) && c.SecretKey != "" {
				t.Errorf("a credential is shown: %v", err)
			}
		})
	}
}
