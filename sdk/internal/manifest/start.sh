# How a script is started. The launcher has to hear of signals while a script
# runs, so it cannot wait for it in the foreground; and what a shell starts with
# "&" ignores SIGINT and SIGQUIT for good, and so does all that it starts in its
# turn. So the script is begun in the foreground by a shell of its own, which is
# killed as soon as the script is there. The script lives on, with the signals
# of a program that nobody put into the background.

# _vast_starter is that shell. Its descriptors: 3 takes the script's process id
# and later its exit code, 6 and 7 are the launcher's output and errors. Its own
# errors are nobody's: shells tell there of children that a signal has ended.
# What guards the script survives signals that reach all processes.
_vast_starter='
{
  trap : HUP INT QUIT TERM USR1 USR2
  sh -c '\''echo "$$" >&3; echo; exec "$@" >&6 2>&7 3>&- 6>&- 7>&-'\'' vast "$@"
  echo "$?" >&3
} | { read -r _vast_begun; kill -KILL "$$"; }
'

# channel opens a pipe, 8 to write into and 9 to read from. Its name is gone at
# once; other containers of the pod may look for theirs in the same folder.
channel() {
  for _vast_dir in /dev/shm /tmp "${HOME:-/}" .; do
    [ -w "$_vast_dir" ] || continue
    _vast_i=0
    while [ "$_vast_i" -lt 100 ]; do
      _vast_i=$((_vast_i + 1)) _vast_fifo=$_vast_dir/.vast-start-$_vast_i
      mkfifo -m 600 "$_vast_fifo" 2>/dev/null || continue
      exec 8<>"$_vast_fifo" 9<"$_vast_fifo"
      rm -f "$_vast_fifo"
      return 0
    done
  done
  return 1
}

# start COMMAND...: begins it. _vast_child is then what a signal for it is sent
# to, and _vast_waiter a child of this shell that ends with its exit code.
start() {
  # The leader of a session is a process group of its own, as the first process
  # of a container is: "kill 0" in a script does not mean the launcher. A
  # terminal would be lost by it.
  _vast_group=
  if [ ! -t 0 ] && command -v setsid >/dev/null 2>&1; then _vast_group=- && set -- setsid "$@"; fi
  if ! channel; then
    echo "vast: no named pipe can be made, so what the script starts ignores SIGINT" >&2
    "$@" &
    _vast_child=$! _vast_waiter=$!
    [ -z "$_vast_ending" ] || finish
    return
  fi
  { sh -c "$_vast_starter" vast "$@" 3>&8 8>&- 9<&-; } 6>&1 7>&2 2>/dev/null
  exec 8>&-
  if read -r _vast_child <&9; then _vast_child=$_vast_group$_vast_child; else echo "vast: the script could not be started" >&2; fi
  # The end may have come before there was a script to tell.
  [ -z "$_vast_ending" ] || finish
  (
    trap '' HUP INT QUIT TERM USR1 USR2
    unset TMOUT
    read -r _vast_code <&9 && exit "$_vast_code"
    exit 137 # SIGKILL, which spares nobody
  ) &
  _vast_waiter=$!
}

# await waits for what was started and returns its exit code, also when a signal
# comes in between.
await() {
  # Some shells tell of a child that a signal ended, between the user's lines.
  wait "$_vast_waiter" 2>/dev/null
  _vast_code=$?
  [ -n "$_vast_ending" ] || return "$_vast_code"
  # A wait that the signal has cut short knew no code; one that had it already
  # makes this one fail. The waiter may be gone before it had read any.
  wait "$_vast_waiter" 2>/dev/null
  _vast_again=$?
  [ "$_vast_again" -eq 127 ] || _vast_code=$_vast_again
  ! read -r _vast_again 2>/dev/null <&9 || _vast_code=$_vast_again
  return "$_vast_code"
}
