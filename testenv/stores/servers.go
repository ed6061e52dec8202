package stores

import "github.com/kubevast/vast/testenv/internal/gobuild"

// The rules that are not those of package storetest.
const (
	abortRule   = "uploads that were cut off are given up below a prefix, and nowhere else"
	noneRule    = "to give up uploads where there never was one is no error"
	examineRule = "an examination reports what the server lacks, and leaves nothing"
)

// servers are those that docs/cluster.md describes.
var servers = []server{
	{name: "versitygw " + gobuild.VersityVersion[1:], module: gobuild.VersityGW, file: "versitygw", command: versitygw},
	{name: "MinIO " + gobuild.MinIOVersion, module: gobuild.MinIO, file: "minio", command: minioServer,
		broken: map[string]string{
			"a name that is the folder of another does not hide it": "`a/b` is in no list while `a` is there",
		}},
	{name: "SeaweedFS " + gobuild.SeaweedFSVersion, module: gobuild.SeaweedFS, file: "weed", command: seaweedfs(),
		broken: map[string]string{
			"a name may have any character":                                           "A backslash in a name becomes a slash",
			"a name that not every store can hold is not stored, and is no other one": "To it `a//b` is `a/b` and `/c` is `c`",
			"a delete removes what is there, and in any number":                       "An empty folder is listed for some minutes",
		},
		lacks: []string{`the names "back\\slash" and "back/slash" are one object`}},
	{name: "SeaweedFS " + gobuild.SeaweedFSVersion + " -s3.allowBackslashInKey", module: gobuild.SeaweedFS, file: "weed", command: seaweedfs("-s3.allowBackslashInKey"),
		broken: map[string]string{
			"a name that not every store can hold is not stored, and is no other one": "To it `a//b` is `a/b` and `/c` is `c`",
			"a delete removes what is there, and in any number":                       "An empty folder is listed for some minutes",
		}},
	{name: "rclone " + gobuild.RcloneVersion[1:], module: gobuild.Rclone, file: "rclone", command: rclone},
}
