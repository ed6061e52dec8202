#!/bin/sh
# rclone v1.76.0 (with gofakes3 v0.0.12), `rclone serve s3`: the list of unfinished
# uploads.
#
# Expected, as Amazon S3 documents ListMultipartUploads:
#   - a bucket without unfinished uploads has an empty list;
#   - an empty delimiter is none, as it is in rclone's own list of objects, so that
#     the request with `delimiter=` finds what the one without it finds.
# Clients send it: minio-go v7.4.1 always has `delimiter=` in this request.
#
# Seen:
#   no upload yet: NoSuchUpload
#   without a delimiter: 200, 1 Upload
#   with an empty one: 200, 0 Upload
#   objects, with an empty one: 200, 1 Contents
#
# It takes Go, curl and a minute, works in a temporary folder on 127.0.0.1, and exits
# with 1 when something else is seen.
set -eu

dir=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$dir"' EXIT
mkdir "$dir/build" "$dir/served"
cd "$dir/build"
cat > main.go <<'END'
// Command rclone is rclone with `serve s3` and the local file system.
package main

import (
	_ "github.com/rclone/rclone/backend/local"
	"github.com/rclone/rclone/cmd"
	_ "github.com/rclone/rclone/cmd/serve"
	_ "github.com/rclone/rclone/cmd/serve/s3"
)

func main() { cmd.Main() }
END
go mod init finding >&2
go get github.com/rclone/rclone@v1.76.0 >&2
CGO_ENABLED=0 go build -mod=mod -o rclone . >&2

port=${PORT:-18777}
at=http://127.0.0.1:$port/bucket
./rclone serve s3 --config "$dir/none.conf" --addr "127.0.0.1:$port" "$dir/served" 2> "$dir/log" &
server=$!
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do
	kill -0 "$server" || { cat "$dir/log" >&2; exit 2; }
	sleep 1
done

# count TAG URL: the status, and how often a tag is in the answer.
count() {
	status=$(curl -s -o "$dir/answer" -w '%{http_code}' "$2")
	echo "$status, $(grep -o "<$1>" "$dir/answer" | wc -l) $1"
}

curl -s -f -X PUT "$at"
none=$(curl -s "$at?uploads" | grep -o '<Code>[^<]*' || true)
curl -s -f -o /dev/null -X POST "$at/folder/large.bin?uploads"
curl -s -f -o /dev/null -X PUT --data-binary small "$at/folder/small.txt"
seen="no upload yet: ${none#<Code>}
without a delimiter: $(count Upload "$at?uploads&prefix=folder/")
with an empty one: $(count Upload "$at?uploads&prefix=folder/&delimiter=")
objects, with an empty one: $(count Contents "$at?list-type=2&prefix=folder/small&delimiter=")"
echo "$seen"
test "$seen" = "no upload yet: NoSuchUpload
without a delimiter: 200, 1 Upload
with an empty one: 200, 0 Upload
objects, with an empty one: 200, 1 Contents"
