# How a script is started. The launcher handles signals while a script runs, so it
# cannot wait for it in the foreground. A process that a shell starts with "&"
# ignores SIGINT and SIGQUIT permanently, and so do its children. Therefore a
# second shell starts the script in the foreground and is killed as soon as the
# script runs. The script continues with the default signal handling.

# _vast_starter is that shell. Its descriptors: 3 takes the script's process ID and
# later its exit code, 6 and 7 are the launcher's stdout and stderr. Its own stderr
# is discarded, because shells report children there that a signal terminated.
# The process that waits for the script survives signals to all processes.
_vast_starter='
{
  trap : HUP INT QUIT TERM USR1 USR2
  sh -c '\''echo "$$" >&3; echo; exec "$@" >&6 2>&7 3>&- 6>&- 7>&-'\'' vast "$@"
  echo "$?" >&3
} | { read -r _vast_begun; kill -KILL "$$"; }
'

# channel opens a pipe, 8 for writing and 9 for reading. Its name is removed at once,
# because other containers of the pod may use the same directory.
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

# start COMMAND... starts a command. It sets _vast_child to the target of signals for
# it, and _vast_waiter to a child of this shell that exits with its exit code.
start() {
  # The leader of a session has its own process group, as the first process of a
  # container has: "kill 0" in a script does not reach the launcher. With a
  # terminal it would lose that.
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
  # The container may have been terminated before the script was started.
  [ -z "$_vast_ending" ] || finish
  (
    trap '' HUP INT QUIT TERM USR1 USR2
    unset TMOUT
    read -r _vast_code <&9 && exit "$_vast_code"
    exit 137 # SIGKILL
  ) &
  _vast_waiter=$!
}

# await waits for the started command and returns its exit code, even if a signal
# interrupts the wait.
await() {
  # Some shells report a child that a signal terminated, between the user's lines.
  wait "$_vast_waiter" 2>/dev/null
  _vast_code=$?
  [ -n "$_vast_ending" ] || return "$_vast_code"
  # An interrupted wait has no exit code; after a completed one this wait fails. The
  # waiter may have terminated before it read one.
  wait "$_vast_waiter" 2>/dev/null
  _vast_again=$?
  [ "$_vast_again" -eq 127 ] || _vast_code=$_vast_again
  ! read -r _vast_again 2>/dev/null <&9 || _vast_code=$_vast_again
  # SIGTERM may have terminated the waiter before it ignored signals, and SIGKILL
  # what would have written the code.
  [ -z "$_vast_killed" ] || [ "$_vast_code" -ne 143 ] || _vast_code=137
  return "$_vast_code"
}
