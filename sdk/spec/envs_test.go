package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvsReachTheContainerAsSkyPilotGivesThem(t *testing.T) {
	task := mustTask(t, `
envs:
  BOOL: true
  ON: on
  OCTAL: 0o17
  ZEROS: 007
  FLOAT: 1e3
  LONG: 1.10
  HEX: 0x1F
  DATE: 2024-01-01
  TIME: 2024-01-01T10:00:00Z
  CLOCK: 1:30
  LARGE: 123456789012345678901234567890
  TINY: 0.00001
  NOT: .nan
  QUOTED: "1.10"
  TAGGED: !!str 1.10
  EMPTY: ""
  LINES: |
    a
    b
run: x
`, Inputs{})
	want := []EnvVar{
		{"BOOL", "True"}, {"ON", "True"}, {"OCTAL", "0o17"}, {"ZEROS", "7"}, {"FLOAT", "1e3"}, {"LONG", "1.1"},
		{"HEX", "31"}, {"DATE", "2024-01-01"}, {"TIME", "2024-01-01 10:00:00+00:00"}, {"CLOCK", "90"}, {"LARGE", "123456789012345678901234567890"},
		{"TINY", "1e-05"}, {"NOT", "nan"}, {"QUOTED", "1.10"}, {"TAGGED", "1.10"}, {"EMPTY", ""}, {"LINES", "a\nb\n"},
	}
	if diff := cmp.Diff(want, task.Envs); diff != "" {
		t.Errorf("envs (-want,+got):\n%s", diff)
	}
}

func TestInputsFillInAndOverride(t *testing.T) {
	task := mustTask(t, "envs: {B: b, A: null, Z: z}\nsecrets: {T: null, 'secrets:M': null}\nrun: x\n", Inputs{
		Envs:    map[string]string{"A": "given", "Z": "", "Y": "y", "X": "x"},
		Secrets: map[string]string{"T": "t", "M": "m", "N": "n"},
	})
	if diff := cmp.Diff([]EnvVar{{"B", "b"}, {"A", "given"}, {"Z", ""}, {"X", "x"}, {"Y", "y"}}, task.Envs); diff != "" {
		t.Errorf("envs (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff([]EnvVar{{"T", "t"}, {"M", "m"}, {"N", "n"}}, task.Secrets); diff != "" {
		t.Errorf("secrets (-want,+got):\n%s", diff)
	}
}

func TestTheUserMayChooseTheMaster(t *testing.T) {
	task := mustTask(t, "envs: {MASTER_ADDR: master-service, MASTER_PORT: \"29500\"}\nrun: x\n", Inputs{})
	if len(task.Envs) != 2 {
		t.Errorf("envs %v", task.Envs)
	}
}

func TestWrongInputsAreRefused(t *testing.T) {
	const login = "SKYPILOT_DOCKER_USERNAME, SKYPILOT_DOCKER_PASSWORD, SKYPILOT_DOCKER_SERVER"
	tests := map[string]struct {
		file string
		in   Inputs
		want string
	}{
		"every input that is missing": {
			file: "envs: {A: null, B: }\nsecrets: {T: ~, 'secrets:M': null}\n",
			want: lines(
				`task.yaml:1:8: envs.A: has no value (write "" in the file if it is to be empty) [Envs=A=... to set it]`,
				`task.yaml:1:17: envs.B: has no value (write "" in the file if it is to be empty) [Envs=B=... to set it]`,
				`task.yaml:2:11: secrets.T: has no value (write "" in the file if it is to be empty) [Secrets=T=... to set it]`,
				`task.yaml:2:17: secrets[secrets:M]: has no value: SkyPilot's store of secrets is not here [Secrets=M=... to set it]`,
			),
		},
		"a list of managed secrets": {
			file: "secrets: ['secrets:M', plain]\n",
			want: lines(
				`task.yaml:1:11: secrets[0]: has no value: SkyPilot's store of secrets is not here [Secrets=M=... to set it]`,
				`task.yaml:1:24: secrets[1]: only "secrets:NAME" can stand in a list of secrets; write secrets as a mapping, NAME: null`,
			),
		},
		"a managed secret with a value": {
			file: "secrets: {'secrets:M': hush}\n",
			want: "task.yaml:1:24: secrets[secrets:M]: must be null: the value of a managed secret does not stand in the file",
		},
		"names that are none, or ours": {
			file: "envs: {A=B: x, 1A: x, NODE_RANK: x, SKYPILOT_TASK_ID: x}\n",
			want: lines(
				`task.yaml:1:8: envs[A=B]: a variable's name cannot hold "="`,
				`task.yaml:1:16: envs.1A: is not a variable's name: letters, digits and "_" are allowed, and the first is no digit`,
				`task.yaml:1:23: envs.NODE_RANK: is set by kubevast on every node and cannot be given; use another name`,
				`task.yaml:1:37: envs.SKYPILOT_TASK_ID: is set by kubevast on every node and cannot be given; use another name`,
			),
		},
		"names that our parts in a pod use": {
			file: "envs: {VAST_WORKDIR: x, VAST_GRACE: x, _vast_run: x}\nsecrets: {VAST_LINKS: x, SHELLOPTS: x}\n",
			want: lines(
				`task.yaml:1:8: envs.VAST_WORKDIR: is reserved and cannot be given; use another name`,
				`task.yaml:1:25: envs.VAST_GRACE: is reserved and cannot be given; use another name`,
				`task.yaml:1:40: envs._vast_run: is reserved and cannot be given; use another name`,
				`task.yaml:2:11: secrets.VAST_LINKS: is reserved and cannot be given; use another name`,
				`task.yaml:2:26: secrets.SHELLOPTS: would change the options of every bash before it starts and cannot be given; write "set -o" or "shopt" into the script`,
			),
		},
		"managed secrets that our parts in a pod use": {
			file: "secrets: ['secrets:VAST_HOSTS']\n",
			in:   Inputs{Secrets: map[string]string{"VAST_NODE_IP": "x"}},
			want: lines(
				`Secrets: "VAST_NODE_IP" is reserved and cannot be given; use another name`,
				`task.yaml:1:11: secrets[0]: VAST_HOSTS is reserved and cannot be given; use another name`,
			),
		},
		"names of the command line": {
			in: Inputs{Envs: map[string]string{"a b": "x", "NUM_NODES": "2", "S": "a"}, Secrets: map[string]string{"S": "b", "V": "\x00"}},
			want: lines(
				`Envs: "NUM_NODES" is set by kubevast on every node and cannot be given; use another name`,
				`Envs: "a b" is not a variable's name: letters, digits and "_" are allowed, and the first is no digit`,
				`Secrets: the value of V holds a NUL character, which a variable cannot`,
				`Secrets: S is one of Envs too; give it once`,
			),
		},
		"values that are none": {
			file: "envs: {A: [1], B: {c: d}}\nsecrets: hush\n",
			want: lines(
				"task.yaml:1:11: envs.A: must be one value, not a list",
				"task.yaml:1:19: envs.B: must be one value, not a mapping",
				"task.yaml:2:10: secrets: must be a mapping of names to values: NAME: value",
			),
		},
		"a NUL in a value": {
			file: "envs: {A: \"a\\0\"}\n",
			want: "task.yaml:1:11: envs.A: holds a NUL character, which neither a script nor a variable can",
		},
		"the same name in envs and secrets": {
			file: "envs: {A: x}\nsecrets: {A: y}\n",
			want: "task.yaml:2:14: secrets.A: is in both envs (line 1) and secrets; it can be in one of them only",
		},
		"a secret that is given with --env": {
			file: "secrets: {A: y}\n",
			in:   Inputs{Envs: map[string]string{"A": "x"}},
			want: "task.yaml:1:11: secrets.A: is one of secrets in the file, but is given as one of envs [Secrets=A=... to set it]",
		},
		"a login in two places": {
			file: "envs: {SKYPILOT_DOCKER_USERNAME: a, SKYPILOT_DOCKER_SERVER: b}\nsecrets: {SKYPILOT_DOCKER_PASSWORD: c}\n",
			want: "task.yaml:1:8: envs.SKYPILOT_DOCKER_USERNAME: the login at a private registry must stand in envs or in secrets as a whole: " + login,
		},
		"an incomplete login": {
			file: "secrets: {SKYPILOT_DOCKER_PASSWORD: c}\n",
			want: "task.yaml:1:11: secrets.SKYPILOT_DOCKER_PASSWORD: the login at a private registry is incomplete; these belong together: " + login,
		},
		"an incomplete login of the command line": {
			in:   Inputs{Secrets: map[string]string{"SKYPILOT_DOCKER_PASSWORD": "c"}},
			want: "Secrets: the login at a private registry is incomplete; these belong together: " + login,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, tt.file+"run: x\n", tt.in)); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestAWholeLoginIsFine(t *testing.T) {
	mustTask(t, "secrets: {SKYPILOT_DOCKER_USERNAME: a, SKYPILOT_DOCKER_PASSWORD: null, SKYPILOT_DOCKER_SERVER: b}\nrun: x\n",
		Inputs{Secrets: map[string]string{"SKYPILOT_DOCKER_PASSWORD": "c"}})
}
