# Process 1 of the user's container. Options, before "--":
#   --grace=SECONDS    time between SIGTERM and SIGKILL
#   --workdir=DIR      working directory of the scripts; may begin with "~/"
#   --links=LINES      links to create: "<path> <path below the home directory>"
#   --hosts=NAME       with several nodes: their host names are NAME-<rank>.NAME
#   --port=NUMBER      with several nodes: the port at which node 0 listens
#   --patience=SECONDS with several nodes: how long they wait for each other
#   --variables=FILE   a script with variables that other tasks have passed
#   --outputs=FILE     the file of variables that this task passes, to be checked
#   --arch             report the architecture of the node
#   --skypilot         provide what SkyPilot's task files rely on
# The setup script and the run script follow; or neither, and both are files. It
# uses only what every sh has, because the image is the user's. The scripts
# inherit the environment, so all variables here begin with _vast_ to avoid the
# names of the user's variables.
_vast_grace= _vast_workdir= _vast_links= _vast_hosts= _vast_port= _vast_patience= _vast_skypilot= _vast_variables= _vast_outputs= _vast_arch=
while [ "$1" != -- ]; do
  case $1 in
    --grace=*) _vast_grace=${1#*=} ;;
    --workdir=*) _vast_workdir=${1#*=} ;;
    --links=*) _vast_links=${1#*=} ;;
    --hosts=*) _vast_hosts=${1#*=} ;;
    --port=*) _vast_port=${1#*=} ;;
    --patience=*) _vast_patience=${1#*=} ;;
    --variables=*) _vast_variables=${1#*=} ;;
    --outputs=*) _vast_outputs=${1#*=} ;;
    --arch) _vast_arch=1 ;;
    --skypilot) _vast_skypilot=1 ;;
  esac
  shift
done
shift
_vast_setup=${1-} _vast_run=${2-} _vast_scripts=/etc/vast/scripts
_vast_shell=sh
command -v bash >/dev/null 2>&1 && _vast_shell=bash

# The termination message marks an unfinished setup, so that a failure of setup
# can be distinguished from one of run, and an OOM kill.
_vast_mark=/dev/termination-log

_vast_ending= _vast_killed=
_vast_child=
_vast_listener= _vast_confirmer=
_vast_together=
_vast_own= _vast_begin=

# signal NAME sends a signal to all processes of the container; NAME 0 tests
# whether there are any. In a shared process namespace, where -1 would reach other
# containers, it sends it to the script and its process group only.
signal() {
  if [ $$ -eq 1 ]; then kill "-$1" -1 2>/dev/null; else [ -n "$_vast_child" ] && kill "-$1" "$_vast_child" 2>/dev/null; fi
}

# drain waits until all processes have terminated: children of the script may still
# save their work after it. After the grace period it sends SIGKILL.
drain() {
  _vast_tenths=0
  while signal 0; do
    if [ -n "$_vast_grace" ] && [ "$_vast_tenths" -ge $((_vast_grace * 10)) ]; then _vast_killed=1; signal KILL; fi
    if sleep 0.2 2>/dev/null; then _vast_tenths=$((_vast_tenths + 2)); else sleep 1; _vast_tenths=$((_vast_tenths + 10)); fi
  done
}

# finish forwards the container's termination to all its processes, which get the
# whole grace period. The signal depends on the image. All of it happens in the
# trap, whether or not the wait for a script has begun, so that only an exit code
# is left to return afterwards.
finish() {
  _vast_ending=1
  signal TERM
  drain
}
trap finish TERM INT QUIT

# link_files creates the links in the home directory, which is only known inside the
# container. Files of an existing directory are kept.
link_files() {
  [ -w "${HOME:-/}" ] || { HOME=/vast/home; export HOME; }
  printf '%s\n' "$_vast_links" | while read -r _vast_from _vast_to; do
    _vast_to=$HOME/$_vast_to
    mkdir -p "${_vast_to%/*}" || exit 1
    if [ -d "$_vast_from" ] && [ -d "$_vast_to" ] && [ ! -L "$_vast_to" ]; then cp -R "$_vast_from/." "$_vast_to/" || exit 1
    elif [ "$_vast_from" != "$(readlink "$_vast_to" 2>/dev/null)" ]; then ln -sfn "$_vast_from" "$_vast_to" || exit 1
    fi
  done
}

# enter_workdir changes to the working directory of the scripts.
enter_workdir() {
  case $_vast_workdir in
    "~/"*) cd "$HOME/${_vast_workdir#??}" || return 1 ;;
    *) cd "$_vast_workdir" || return 1 ;;
  esac
}

# step NAME SCRIPT runs one script, from its file if it is mounted as one.
step() {
  [ -z "$_vast_skypilot" ] || sky_begin "$1"
  if [ ! -f "$_vast_scripts/$1" ]; then
    [ -n "$2" ] || return 0
    start "$_vast_shell" -c "$_vast_begin$2"
  elif [ -n "$_vast_begin" ]; then start "$_vast_shell" -c "$_vast_begin"'. "$0"' "$_vast_scripts/$1"
  else start "$_vast_shell" "$_vast_scripts/$1"
  fi
  await && return
  _vast_code=$?
  [ -z "$_vast_skypilot" ] || [ -n "$_vast_ending" ] || sky_hint "$2$(cat "$_vast_scripts/$1" 2>/dev/null)"
  ! memory_ran_out || printf ' vast:oom' >>"$_vast_mark" 2>/dev/null
  return "$_vast_code"
}

# check_outputs fails unless the file of variables, if there is one, has lines NAME=VALUE
# with names that a task may be given, and is not too large. The termination message gets
# the number of the line and what is wrong.
check_outputs() {
  [ -e "$_vast_outputs" ] || [ -L "$_vast_outputs" ] || return 0
  _vast_line=0
  if [ -L "$_vast_outputs" ] || [ ! -f "$_vast_outputs" ]; then refuse_outputs file
  elif [ "$(($(wc -c <"$_vast_outputs")))" -gt 65536 ]; then refuse_outputs size
  else
    while read -r _vast_text || [ -n "$_vast_text" ]; do
      _vast_line=$((_vast_line + 1))
      case $_vast_text in '' | '#'*) continue ;; *=*) ;; *) refuse_outputs form; return 1 ;; esac
      case ${_vast_text%%=*} in
        '' | [0-9]* | *[!A-Za-z0-9_]*) refuse_outputs form; return 1 ;;
        NODE_RANK | NUM_NODES | NODE_IPS | VAST_* | SKYPILOT_* | _vast_*) refuse_outputs name; return 1 ;;
      esac
    done <"$_vast_outputs"
    return 0
  fi
  return 1
}

# refuse_outputs REASON reports what is wrong with the file of variables.
refuse_outputs() {
  printf ' vast:outputs:%s:%s' "$_vast_line" "$1" >>"$_vast_mark" 2>/dev/null
  echo "vast: \$VAST_OUTPUTS, line $_vast_line: lines are NAME=VALUE with a name that is not reserved, 64 KiB in all ($1)" >&2
}

# memory_ran_out reports whether the kernel has OOM-killed a process of the
# container. The container runtime reports that too, but may notice the exit first,
# and Kubernetes then reports no OOM kill.
memory_ran_out() {
  while read -r _vast_key _vast_count; do
    [ "$_vast_key" != oom_kill ] || [ "$_vast_count" -eq 0 ] || return 0
  done 2>/dev/null </sys/fs/cgroup/memory.events
  while read -r _vast_key _vast_count; do
    [ "$_vast_key" != oom_kill ] || [ "$_vast_count" -eq 0 ] || return 0
  done 2>/dev/null </sys/fs/cgroup/memory/memory.oom_control
  return 1
}

NODE_IPS=$VAST_NODE_IP
if [ "$NUM_NODES" -gt 1 ]; then
  NODE_IPS= _vast_i=0
  while [ "$_vast_i" -lt "$NUM_NODES" ]; do
    NODE_IPS="$NODE_IPS${NODE_IPS:+
}$_vast_hosts-$_vast_i.$_vast_hosts"
    _vast_i=$((_vast_i + 1))
  done
fi
SKYPILOT_NODE_IPS=$NODE_IPS
export NODE_IPS SKYPILOT_NODE_IPS

if [ -n "$_vast_variables" ]; then . "$_vast_variables" || exit 1; fi
if [ -n "$_vast_links" ]; then link_files || exit 1; fi
if [ -n "$_vast_workdir" ]; then enter_workdir || exit 1; fi
if [ -n "$_vast_skypilot" ]; then
  [ -n "$_vast_workdir" ] || sky_workdir
  own_folder sky_sudo || own_folder :
  trap '[ -z "$_vast_own" ] || rm -rf "$_vast_own"' EXIT
fi
# For a run it is a directory below the mounted one.
case ${OUTPUT_DIR-} in /out/*) mkdir -p "$OUTPUT_DIR" || exit 1 ;; esac

# Without a run script the nodes do not wait for each other.
[ -z "$_vast_hosts" ] || { [ -z "$_vast_run" ] && [ ! -f "$_vast_scripts/run" ]; } || _vast_together=1
[ -z "$_vast_together" ] || barrier_open

if [ -n "$_vast_setup" ] || [ -f "$_vast_scripts/setup" ]; then
  printf 'vast:setup' >"$_vast_mark" 2>/dev/null
  export SKYPILOT_SETUP_NODE_RANK="$NODE_RANK" SKYPILOT_SETUP_NODE_IPS="$NODE_IPS" \
    SKYPILOT_SETUP_NUM_GPUS_PER_NODE="$VAST_NUM_GPUS_PER_NODE"
  [ -z "$_vast_skypilot" ] || note_bashrc
  step setup "$_vast_setup"
  _vast_code=$?
  unset SKYPILOT_SETUP_NODE_RANK SKYPILOT_SETUP_NODE_IPS SKYPILOT_SETUP_NUM_GPUS_PER_NODE
  [ "$_vast_code" -eq 0 ] || exit "$_vast_code"
  : >"$_vast_mark" 2>/dev/null
fi
[ -n "$_vast_ending" ] && exit 143
if [ -n "$_vast_together" ] && ! barrier; then
  [ -n "$_vast_ending" ] && exit 143
  exit 124
fi
[ -z "$_vast_arch" ] || printf ' vast:arch:%s' "$(uname -m)" >>"$_vast_mark" 2>/dev/null
step run "$_vast_run" || exit
[ -z "$_vast_outputs" ] || check_outputs || exit 1
[ -z "$_vast_together" ] || barrier_close
