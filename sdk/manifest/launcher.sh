# Arguments: the setup script, the run script; or neither, and both are files.
# Only what every sh has, since the image is the user's.
setup=${1-} run=${2-} scripts=/etc/vast/scripts
shell=sh
command -v bash >/dev/null 2>&1 && shell=bash

# The termination message says that setup is not over, so that a failure of
# setup is told from a failure of run, and that memory has run out.
mark=/dev/termination-log

ending=
child=
domain=

# signal NAME: sends it to all that runs in here, NAME 0 to ask whether any does.
# Only as process 1: in a process namespace shared with others, -1 would reach
# them too.
signal() {
  if [ $$ -eq 1 ]; then kill "-$1" -1 2>/dev/null; else kill "-$1" "$child" 2>/dev/null; fi
}

# drain waits until nothing runs any more: the script may be gone, and what it
# had started may still be saving its work. What has not ended after VAST_GRACE
# seconds never will.
drain() {
  tenths=0
  while signal 0; do
    if [ -n "${VAST_GRACE-}" ] && [ "$tenths" -ge $((VAST_GRACE * 10)) ]; then signal KILL; fi
    if sleep 0.2 2>/dev/null; then tenths=$((tenths + 2)); else sleep 1; tenths=$((tenths + 10)); fi
  done
}

# The end of the container's life is told to all that runs in it, not to this
# shell alone, and it gets the whole grace period. All of that happens in the
# trap: whether the wait for a script was cut short by it or had not begun yet,
# what is left of it then only has an exit code to tell.
finish() {
  ending=1
  signal TERM
  drain
}
trap finish TERM INT

# link_files puts what is meant for the home folder there: only in here it is
# known where that is. A folder that the image has there keeps what it has.
link_files() {
  [ -w "${HOME:-/}" ] || { HOME=/vast/home; export HOME; }
  printf '%s\n' "$VAST_LINKS" | while read -r from to; do
    to=$HOME/$to
    mkdir -p "${to%/*}" || exit 1
    if [ -d "$from" ] && [ -d "$to" ] && [ ! -L "$to" ]; then cp -R "$from/." "$to/" || exit 1
    elif [ "$from" != "$(readlink "$to" 2>/dev/null)" ]; then ln -sfn "$from" "$to" || exit 1
    fi
  done
}

# enter_workdir goes where the scripts start.
enter_workdir() {
  case $VAST_WORKDIR in
    "~/"*) cd "$HOME/${VAST_WORKDIR#??}" || return 1 ;;
    *) cd "$VAST_WORKDIR" || return 1 ;;
  esac
}

# step NAME SCRIPT: runs one script, as a file when it is mounted as one.
step() {
  if [ -f "$scripts/$1" ]; then "$shell" "$scripts/$1" & elif [ -n "$2" ]; then "$shell" -c "$2" & else return 0; fi
  child=$!
  # The end may have come before there was a script to tell.
  [ -z "$ending" ] || finish
  # Some shells tell of a child that a signal ended, between the user's lines.
  wait "$child" 2>/dev/null
  code=$?
  if [ -n "$ending" ]; then
    # A wait that the signal has cut short knew no code; one that had it
    # already makes this one fail.
    wait "$child" 2>/dev/null
    last=$?
    [ "$last" -eq 127 ] || code=$last
  fi
  [ "$code" -eq 0 ] || ! memory_ran_out || printf ' vast:oom' >>"$mark" 2>/dev/null
  return "$code"
}

# memory_ran_out reports whether the kernel has killed a process in here for
# want of memory. The container runtime tells it too, but may learn of the end
# first, and then Kubernetes knows of the end only.
memory_ran_out() {
  while read -r key count; do
    [ "$key" != oom_kill ] || [ "$count" -eq 0 ] || return 0
  done 2>/dev/null </sys/fs/cgroup/memory.events
  while read -r key count; do
    [ "$key" != oom_kill ] || [ "$count" -eq 0 ] || return 0
  done 2>/dev/null </sys/fs/cgroup/memory/memory.oom_control
  return 1
}

# resolves NAME: whether the cluster's DNS knows a host. nslookup of busybox
# does not search, so it gets the full name.
resolves() {
  if command -v getent >/dev/null 2>&1; then getent hosts "$1" >/dev/null 2>&1
  elif command -v nslookup >/dev/null 2>&1; then nslookup "$1.$domain" >/dev/null 2>&1
  elif command -v python3 >/dev/null 2>&1; then python3 -c 'import socket, sys; socket.gethostbyname(sys.argv[1])' "$1" 2>/dev/null
  else return 0
  fi
}

# await_hosts waits until every node's name resolves, this one's too: the last
# node to start is the last one that the DNS server hears of. A name that is
# asked for too early is remembered as missing for as long as the DNS server
# caches its no, so the first look comes late and the next ones are rare.
await_hosts() {
  while read -r key first _; do
    [ "$key" != search ] || domain=$first
  done 2>/dev/null </etc/resolv.conf
  sleep 2
  i=0 tries=0
  while [ "$i" -lt "$NUM_NODES" ] && [ -z "$ending" ]; do
    if resolves "$VAST_HOSTS-$i.$VAST_HOSTS"; then i=$((i + 1)); continue; fi
    tries=$((tries + 1))
    [ $((tries % 30)) -ne 10 ] || echo "vast: waiting for node $i to start" >&2
    sleep 2
  done
}

NODE_IPS=$VAST_NODE_IP
if [ "$NUM_NODES" -gt 1 ]; then
  NODE_IPS= i=0
  while [ "$i" -lt "$NUM_NODES" ]; do
    NODE_IPS="$NODE_IPS${NODE_IPS:+
}$VAST_HOSTS-$i.$VAST_HOSTS"
    i=$((i + 1))
  done
fi
SKYPILOT_NODE_IPS=$NODE_IPS
export NODE_IPS SKYPILOT_NODE_IPS

if [ -n "${VAST_LINKS-}" ]; then link_files || exit 1; fi
if [ -n "${VAST_WORKDIR-}" ]; then enter_workdir || exit 1; fi
# Of a run it is a folder of its own below the one that is mounted.
case ${OUTPUT_DIR-} in /out/*) mkdir -p "$OUTPUT_DIR" || exit 1 ;; esac

if [ -n "$setup" ] || [ -f "$scripts/setup" ]; then
  printf 'vast:setup' >"$mark" 2>/dev/null
  export SKYPILOT_SETUP_NODE_RANK="$NODE_RANK" SKYPILOT_SETUP_NODE_IPS="$NODE_IPS" \
    SKYPILOT_SETUP_NUM_GPUS_PER_NODE="$VAST_NUM_GPUS_PER_NODE"
  step setup "$setup"
  code=$?
  unset SKYPILOT_SETUP_NODE_RANK SKYPILOT_SETUP_NODE_IPS SKYPILOT_SETUP_NUM_GPUS_PER_NODE
  [ "$code" -eq 0 ] || exit "$code"
  : >"$mark" 2>/dev/null
fi
[ -n "$ending" ] && exit 143
[ "$NUM_NODES" -le 1 ] || await_hosts
[ -n "$ending" ] && exit 143
step run "$run"
