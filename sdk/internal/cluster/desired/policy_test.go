package desired

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThePolicyGivesNoMoreThanIsNeeded(t *testing.T) {
	const arn = "arn:aws:s3:::vast"
	var got struct{ Statement []statement }
	if err := json.Unmarshal([]byte(BucketPolicy("vast", []byte("w"), []byte("r"))), &got); err != nil {
		t.Fatal(err)
	}
	may := map[string][]string{}
	for _, s := range got.Statement {
		if s.Effect != "Allow" {
			t.Errorf("%s is a %s", s.Sid, s.Effect)
		}
		for _, who := range s.Principal["AWS"] {
			for _, action := range s.Action {
				for _, at := range s.Resource {
					may[who] = append(may[who], action+" "+strings.TrimPrefix(at, arn))
				}
			}
		}
	}
	reads := []string{"s3:ListBucket ", "s3:GetBucketLocation ", "s3:GetObject /*"}
	writes := append(append([]string{}, reads...), "s3:ListBucketMultipartUploads ")
	for _, action := range []string{"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"} {
		for _, below := range []string{"inputs", "tasks", "dropped", "runs", "campaigns", "index", "archives", "probes", "shared"} {
			writes = append(writes, action+" /"+below+"/*")
		}
	}
	if diff := cmp.Diff(map[string][]string{"r": reads, "w": writes}, may); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
}
