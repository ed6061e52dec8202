# What the main container of a campaign's Job runs: one run, or those that are
# packed into it. Only what every sh has, since the image is the user's.
#
# VAST_COMMAND is execution.command; without it the scenario is executed.
# VAST_RUNS is a folder with one file for each packed run: its name in the
# first line, then its variables. VAST_OUTCOMES takes a line for each that ended,
# a file beside it when that began and ended, where the image has date.
#
# A pre_command is sourced, and the environment is the user's, so all names in
# here begin with _vast_.
_vast_shell=sh
! command -v bash >/dev/null 2>&1 || _vast_shell=bash

# The launcher signals every process at the end. What it ends in here is the run,
# and what comes behind that (post_command, the outcome) still happens. All runs
# in the foreground: what a shell starts with "&" ignores SIGINT.
_vast_ending=
trap '_vast_ending=1' TERM
trap : INT QUIT

# _vast_do runs a command. Some shells print a message about a child that was
# killed by a signal,
# between the user's lines: that goes nowhere. (dash gives the redirections of a
# group that is nothing but a subshell to the subshell.)
_vast_do() { { :; (exec 2>&7 7>&- && "$@"); } 7>&2 2>/dev/null; }

# _vast_display starts a virtual screen, where there is a program for it.
_vast_display() {
  command -v Xvfb >/dev/null 2>&1 || return 0
  export DISPLAY="${DISPLAY:-:0}"
  [ ! -S "/tmp/.X11-unix/X${DISPLAY#:}" ] || return 0
  mkdir -p /tmp/.X11-unix 2>/dev/null
  chmod 1777 /tmp/.X11-unix 2>/dev/null
  Xvfb "$DISPLAY" -noreset +extension RANDR +extension RENDER -screen 0 "${SIZEW:-1920}x${SIZEH:-1080}x${CDEPTH:-24}" >/dev/null 2>&1 &
  _vast_tries=0
  while [ ! -S "/tmp/.X11-unix/X${DISPLAY#:}" ] && [ "$_vast_tries" -lt 30 ]; do
    sleep 1
    _vast_tries=$((_vast_tries + 1))
  done
}

# _vast_ros takes ROS and a workspace into the environment, where there are any.
_vast_ros() {
  [ ! -f "/opt/ros/${ROS_DISTRO-}/setup.bash" ] || . "/opt/ros/$ROS_DISTRO/setup.bash"
  [ ! -f /ws/install/setup.bash ] || . /ws/install/setup.bash
}

_vast_scenario() {
  if command -v ros2 >/dev/null 2>&1; then set -- ros2 run scenario_execution_ros scenario_execution_ros
  elif command -v scenario_execution >/dev/null 2>&1; then set -- scenario_execution
  else
    echo "vast: the image has neither ros2 nor scenario_execution; use another image, or give execution.command" >&2
    exit 127
  fi
  # The parameters of scenario_execution are words.
  exec "$@" -o "$SCENARIO_OUTPUT_DIR" "/config/$SCENARIO_FILE" --scenario-parameter-file "$SCENARIO_PARAMETER_FILE" \
    --output-result-per-scenario ${SCENARIO_EXECUTION_PARAMETERS-}
}

_vast_command_of_the_user() { exec "$_vast_shell" -c "$VAST_COMMAND" vast; }

# _vast_one does a run with all that belongs to it, and returns its code.
_vast_one() {
  mkdir -p "$OUTPUT_DIR"
  if [ -z "${VAST_COMMAND-}" ]; then
    _vast_ros
    [ "${ENABLE_X11-}" = false ] || _vast_display
  else
    [ "${ENABLE_X11-}" != true ] || _vast_display
  fi
  if [ -n "${PRE_COMMAND-}" ]; then
    if [ ! -e "$PRE_COMMAND" ]; then
      echo "vast: pre_command $PRE_COMMAND is not there; is it among run_files?" >&2
      return 1
    fi
    . "$PRE_COMMAND" || return
  fi
  if [ -n "$_vast_ending" ]; then return 143; fi
  _vast_result=0
  if [ -n "${VAST_COMMAND-}" ]; then _vast_do _vast_command_of_the_user || _vast_result=$?; else _vast_do _vast_scenario || _vast_result=$?; fi
  if [ -n "${POST_COMMAND-}" ]; then
    _vast_after=0
    if [ -x "$POST_COMMAND" ]; then _vast_do "$POST_COMMAND" || _vast_after=$?; else _vast_do "$_vast_shell" "$POST_COMMAND" || _vast_after=$?; fi
    [ "$_vast_after" -eq 0 ] || echo "vast: post_command $POST_COMMAND failed with exit code $_vast_after" >&2
    [ "$_vast_result" -ne 0 ] || _vast_result=$_vast_after
  fi
  return "$_vast_result"
}

# _vast_packed does one of several runs, with variables that are gone afterwards.
_vast_packed() (
  trap '_vast_ending=1' TERM
  trap : INT QUIT
  . "$1"
  echo "vast: run $RUN_ID" >&2
  _vast_one
)

# _vast_judged prints the code of a run of which only the scenario's report is
# known.
_vast_judged() {
  _vast_report=$SCENARIO_OUTPUT_DIR/$1/test.xml
  if [ ! -f "$_vast_report" ]; then echo "${2:-1}"; elif grep -qE '<(failure|error)' "$_vast_report"; then echo 1; else echo 0; fi
}

_vast_now() { date +%s 2>/dev/null; }

_vast_outcome() { echo "$1 $2" >>"$VAST_OUTCOMES"; }

if [ -z "${VAST_RUNS-}" ]; then
  _vast_one
  exit
fi

mkdir -p "${VAST_OUTCOMES%/*}"
_vast_worst=0
if [ -z "${VAST_COMMAND-}" ]; then
  # One program executes all of them, by its parameter file.
  _vast_one
  _vast_worst=$?
  [ "$_vast_worst" -eq 0 ] && _vast_unknown=1 || _vast_unknown=$_vast_worst
  for _vast_file in "$VAST_RUNS"/*; do
    read -r _ _vast_name <"$_vast_file"
    _vast_outcome "$_vast_name" "$(_vast_judged "$_vast_name" "$_vast_unknown")"
  done
  exit "$_vast_worst"
fi
for _vast_file in "$VAST_RUNS"/*; do
  read -r _ _vast_name <"$_vast_file"
  [ -z "$_vast_ending" ] || break
  _vast_begun=$(_vast_now)
  _vast_packed "$_vast_file"
  _vast_code=$?
  echo "$_vast_name $_vast_begun $(_vast_now)" >>"$VAST_OUTCOMES.times"
  _vast_outcome "$_vast_name" "$_vast_code"
  [ "$_vast_code" -eq 0 ] || _vast_worst=$_vast_code
done
[ -z "$_vast_ending" ] || [ "$_vast_worst" -ne 0 ] || _vast_worst=143
exit "$_vast_worst"
