#!/bin/sh
# versitygw v1.8.0, posix backend: a part of a multipart upload whose connection is cut.
#
# Expected, as Amazon S3 documents UploadPart and ListParts: a part is listed when it has
# been uploaded. Of a request whose body ends early nothing is stored (IncompleteBody).
#
# Seen: ListParts has the part, with the size that its Content-Length announced and an ETag
# that is not the MD5 of the part. So a client that continues an upload may not take a listed size
# as proof that the part is whole.
#
# It takes Go, curl and two minutes, works in a temporary folder on 127.0.0.1, and exits with
# 1 when something else is seen.
set -eu

dir=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$dir"' EXIT
mkdir "$dir/served" "$dir/bin"
GOBIN="$dir/bin" CGO_ENABLED=0 go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 >&2

port=${PORT:-18778}
at=http://127.0.0.1:$port/bucket
ROOT_ACCESS_KEY_ID=key ROOT_SECRET_ACCESS_KEY=secret "$dir/bin/versitygw" --port "127.0.0.1:$port" --quiet posix "$dir/served" > "$dir/log" 2>&1 &
server=$!
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do
	kill -0 "$server" || { cat "$dir/log" >&2; exit 2; }
	sleep 1
done

s3() {
	curl -s --aws-sigv4 aws:amz:us-east-1:s3 --user key:secret -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"
}

head -c 8388608 /dev/urandom > "$dir/part"
s3 -f -X PUT "$at"
id=$(s3 -f -X POST "$at/large?uploads=" | grep -o '<UploadId>[^<]*' | cut -d'>' -f2)
# 8 MiB are announced; after three seconds, of at most 2 MiB, the client goes away.
s3 --limit-rate 512k --max-time 3 -o /dev/null -T "$dir/part" "$at/large?partNumber=1&uploadId=$id" && exit 2
sleep 2

parts=$(s3 "$at/large?uploadId=$id")
echo "announced: 8388608 bytes"
echo "listed: $(echo "$parts" | grep -o '<Part>.*</Part>' | sed 's/<LastModified>[^<]*<\/LastModified>//')"
echo "md5 of the whole part: $(md5sum < "$dir/part" | cut -d' ' -f1)"
case "$parts" in *'<Size>8388608</Size>'*) ;; *) echo "another size is listed: this finding is out of date" >&2; exit 1;; esac
case "$parts" in *"$(md5sum < "$dir/part" | cut -d' ' -f1)"*) echo "the whole part has arrived" >&2; exit 1;; esac
