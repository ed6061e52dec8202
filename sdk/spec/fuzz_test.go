package spec

import (
	"errors"
	"math"
	"math/big"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/internal/rules"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"run: x\n",
		"name: a\nnum_nodes: 2\nenvs: {A: 1, B: null}\nsecrets: {T: t}\nrun: |\n  echo $A\n",
		"resources:\n  infra: k8s/a\n  cpus: 4+\n  memory: 16GB\n  accelerators: {A100:1, 'V100:2'}\n  any_of: [{cpus: 1}, {image_id: 'docker:a/b:c'}]\n  ports: [80, 1-2]\nrun: x\n",
		"volumes: {/a: b, /b: {size: 1Gi}, $A: {name: c, sub_path: d}}\nfile_mounts: {/x: s3://y, /z: {source: .}}\nworkdir: .\nrun: x\n",
		"name: p\n---\nrun: x\n---\nrun: y\n",
		"name: g\nexecution: parallel\nprimary_tasks: [a]\ntermination_delay: {a: 5s}\n---\nname: a\nrun: x\n---\nname: b\nrun: y\n",
		"name: v\ntype: k8s-pvc\nsize: 1Gi\nconfig: {access_mode: ReadWriteMany}\n",
		"config: {kubernetes: {pod_config: {a: &x [1], b: *x, <<: {c: d}}}}\nrun: x\n",
		"resources:\n  cpus: [{a: 1}, {b/c:d@e: 4+}]\n  ports: [{a: [80]}]\n  any_of: [{memory: [{a: 2x}]}, {infra: k8s/a}, {gpus: [{a: {T4: 1}}, {x: y}]}]\nrun: x\n",
		"resources: {infra: [{a: k8s/a}], cpus: [&x {a: [*x]}, a, {}, {~: 1}], labels: {<<: [{a: b}]}}\nrun: x\n",
		"run: &a [*a, *a]\n", "a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "run:x\nname:\t1\n", "\ufeff? [a]\n: !!binary aGk=\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, context := range []string{"", "a"} {
			checkFile(t, data, Inputs{Context: context, Envs: map[string]string{"A": "/a\"\\"}})
		}
	})
}

// checkFile checks what holds for every file, right or wrong.
func checkFile(t *testing.T, data []byte, in Inputs) {
	t.Helper()
	file, err := Parse("task.yaml", data, in)
	if err != nil {
		var inv *api.InvalidSpecError
		if !errors.As(err, &inv) || len(inv.Problems) == 0 || file != nil {
			t.Fatalf("error %#v with file %v", err, file)
		}
		for _, p := range inv.Problems {
			if p.Message == "" || p.Line < 0 || p.Column < 0 {
				t.Fatalf("problem %+v", p)
			}
		}
		return
	}
	if (file.Volume != nil) == (len(file.Tasks) > 0) {
		t.Fatalf("volume %v and %d tasks", file.Volume, len(file.Tasks))
	}
	for _, task := range file.Tasks {
		checkTask(t, task)
		for _, res := range task.Resources {
			if res.Context != "" && !slices.ContainsFunc(file.Claims, func(c contexts.Claim) bool { return c.Context == res.Context }) {
				t.Fatalf("context %q is not claimed: %+v", res.Context, file.Claims)
			}
		}
	}
	if len(file.Claims) == 0 {
		t.Fatal("the file claims neither a context nor any")
	}
}

// checkTask checks what the consumers of a task rely on.
func checkTask(t *testing.T, task *Task) {
	t.Helper()
	if task.NumNodes < 1 || task.NumNodes > maxNodes || len(task.Resources) == 0 || task.Source.Line < 1 {
		t.Fatalf("task %+v", task)
	}
	names := map[string]bool{}
	for _, v := range append(append([]EnvVar{}, task.Envs...), task.Secrets...) {
		if rules.Variable(v.Name) != "" || names[v.Name] || strings.ContainsRune(v.Value, 0) {
			t.Fatalf("variable %+v", v)
		}
		names[v.Name] = true
	}
	for _, r := range task.Resources {
		for _, a := range []*Amount{r.CPUs, r.Memory, r.EphemeralStorage} {
			if a != nil && a.Quantity.Sign() <= 0 {
				t.Fatalf("amount %+v", a)
			}
		}
		if a := r.Accelerator; a != nil && !(a.Count > 0 && a.Count <= maxAccelerators) {
			t.Fatalf("accelerator %+v", a)
		}
		for _, p := range r.Ports {
			if p.First < 1 || p.Last < p.First || p.Last > math.MaxUint16 {
				t.Fatalf("port %+v", p)
			}
		}
	}
	mounted := map[string]bool{}
	for _, v := range task.Volumes {
		if !path.IsAbs(v.Path) || v.Path == "/" || v.Path != path.Clean(v.Path) || mounted[v.Path] || (v.Volume == "") == (v.Ephemeral == nil) {
			t.Fatalf("volume %+v", v)
		}
		mounted[v.Path] = true
	}
}

func FuzzParseQuantity(f *testing.F) {
	for _, s := range []string{"4", "4+", "0.5", "500m", "16GB+", "512Mi", "0.1", "2g", "1.0000000001k", "H100:8", "80GB+:2", "NVIDIA:40GB+", "T4:0.5", "1e3", "9999999999Ti"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		check := func(got Amount, err error, scale *big.Rat) {
			if err != nil {
				var inv *api.InvalidSpecError
				if !errors.As(err, &inv) || inv.Problems[0].Message == "" {
					t.Fatalf("error %#v", err)
				}
				return
			}
			number := strings.TrimRight(strings.TrimSpace(s), "+ABCDEFGHIKLMNOPQRSTUVWXYZabcdefghiklmnopqrstuvwxyz ")
			written, ok := new(big.Rat).SetString(strings.TrimSuffix(number, "."))
			have, ok2 := new(big.Rat).SetString(got.Quantity.AsDec().String())
			if !ok || !ok2 {
				t.Fatalf("%q became %s", s, got.Quantity.String())
			}
			// Never less than what is written, and never a whole step more.
			low := written.Mul(written, scale)
			step := big.NewRat(1, 1)
			if scale.Cmp(big.NewRat(1, 1)) <= 0 {
				step = big.NewRat(1, 1000)
			}
			if have.Cmp(low) < 0 || have.Sub(have, step).Cmp(low) >= 0 {
				t.Fatalf("%q became %s", s, got.Quantity.String())
			}
			if got.AtLeast != strings.HasSuffix(strings.TrimSpace(s), "+") {
				t.Fatalf("%q: AtLeast is %v", s, got.AtLeast)
			}
		}
		amount, err := parseCPUs(s)
		scale := big.NewRat(1, 1)
		if strings.Contains(s, "m") {
			scale = big.NewRat(1, 1000)
		}
		check(amount, err, scale)

		amount, err = parseMemory(s)
		scale = new(big.Rat)
		if m := memoryForm.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
			scale.SetInt(new(big.Int).Lsh(big.NewInt(1), units[strings.ToLower(m[2])]))
		}
		if scale.Cmp(big.NewRat(1, 1)) != 0 || err != nil { // bytes have the step of 1
			check(amount, err, scale)
		}
		if a, err := parseAccelerator(s); err == nil && !(a.Count > 0 && a.Count <= maxAccelerators && (a.Name != "" || a.MinMemory >= 0)) {
			t.Fatalf("%q became %+v", s, a)
		}
	})
}
