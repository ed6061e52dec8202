# What the main container of a campaign's Job runs: one run, or those that are
# packed into it. Only what every sh has, since the image is the user's.
#
# VAST_COMMAND is execution.command; without it the scenario is executed.
# VAST_RUNS is a folder with one file for each packed run: its name in the
# first line, then its variables. VAST_OUTCOMES takes a line for each that ended.
shell=sh
! command -v bash >/dev/null 2>&1 || shell=bash

# The end is handed on, and what comes behind the run (post_command, the
# outcome) still happens.
ending=
child=
signal=
hand_on() {
  ending=1 signal=1
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}
trap hand_on TERM INT

# await COMMAND...: runs it to its end, also when a signal comes in between.
# Of a child that is gone some shells remember the code, and the others say 127.
await() {
  signal=
  "$@" &
  child=$!
  wait "$child" 2>/dev/null
  code=$?
  while [ -n "$signal" ]; do
    signal=
    wait "$child" 2>/dev/null
    again=$?
    [ "$again" -eq 127 ] || code=$again
  done
  child=
  return "$code"
}

# display starts a virtual screen, where there is a program for it.
display() {
  command -v Xvfb >/dev/null 2>&1 || return 0
  export DISPLAY="${DISPLAY:-:0}"
  [ ! -S "/tmp/.X11-unix/X${DISPLAY#:}" ] || return 0
  mkdir -p /tmp/.X11-unix 2>/dev/null
  chmod 1777 /tmp/.X11-unix 2>/dev/null
  Xvfb "$DISPLAY" -noreset +extension RANDR +extension RENDER -screen 0 "${SIZEW:-1920}x${SIZEH:-1080}x${CDEPTH:-24}" >/dev/null 2>&1 &
  tries=0
  while [ ! -S "/tmp/.X11-unix/X${DISPLAY#:}" ] && [ "$tries" -lt 30 ]; do
    sleep 1
    tries=$((tries + 1))
  done
}

# ros takes ROS and a workspace into the environment, where there are any.
ros() {
  [ ! -f "/opt/ros/${ROS_DISTRO-}/setup.bash" ] || . "/opt/ros/$ROS_DISTRO/setup.bash"
  [ ! -f /ws/install/setup.bash ] || . /ws/install/setup.bash
}

scenario() {
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

command_of_the_user() { exec "$shell" -c "$VAST_COMMAND" vast; }

# one does a run with all that belongs to it, and returns its code.
one() {
  mkdir -p "$OUTPUT_DIR"
  if [ -z "${VAST_COMMAND-}" ]; then
    ros
    [ "${ENABLE_X11-}" = false ] || display
  else
    [ "${ENABLE_X11-}" != true ] || display
  fi
  if [ -n "${PRE_COMMAND-}" ]; then
    if [ ! -e "$PRE_COMMAND" ]; then
      echo "vast: pre_command $PRE_COMMAND is not there; is it among run_files?" >&2
      return 1
    fi
    . "$PRE_COMMAND" || return
  fi
  if [ -n "$ending" ]; then return 143; fi
  if [ -n "${VAST_COMMAND-}" ]; then await command_of_the_user; else await scenario; fi
  result=$?
  if [ -n "${POST_COMMAND-}" ]; then
    if [ -x "$POST_COMMAND" ]; then await "$POST_COMMAND"; else await "$shell" "$POST_COMMAND"; fi
    after=$?
    [ "$after" -eq 0 ] || echo "vast: post_command $POST_COMMAND failed with exit code $after" >&2
    [ "$result" -ne 0 ] || result=$after
  fi
  return "$result"
}

# packed does one of several runs, with variables that are gone afterwards.
packed() {
  trap hand_on TERM INT
  child=
  . "$1"
  echo "vast: run $RUN_ID" >&2
  one
  exit
}

# judged tells the code of a run of which only the scenario's report is known.
judged() {
  report=$SCENARIO_OUTPUT_DIR/$1/test.xml
  if [ ! -f "$report" ]; then echo "${2:-1}"; elif grep -qE '<(failure|error)' "$report"; then echo 1; else echo 0; fi
}

outcome() { echo "$1 $2" >>"$VAST_OUTCOMES"; }

if [ -z "${VAST_RUNS-}" ]; then
  one
  exit
fi

mkdir -p "${VAST_OUTCOMES%/*}"
worst=0
if [ -z "${VAST_COMMAND-}" ]; then
  # One program executes all of them, as its parameter file says.
  one
  worst=$?
  [ "$worst" -eq 0 ] && unknown=1 || unknown=$worst
  for file in "$VAST_RUNS"/*; do
    read -r _ name <"$file"
    outcome "$name" "$(judged "$name" "$unknown")"
  done
  exit "$worst"
fi
for file in "$VAST_RUNS"/*; do
  read -r _ name <"$file"
  [ -z "$ending" ] || break
  await packed "$file"
  code=$?
  outcome "$name" "$code"
  [ "$code" -eq 0 ] || worst=$code
done
[ -z "$ending" ] || [ "$worst" -ne 0 ] || worst=143
exit "$worst"
