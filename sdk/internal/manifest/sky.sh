# What SkyPilot's task files rely on: a working directory of their own, sudo for
# root, and what setup has written to ~/.bashrc.

# sky_workdir changes to ~/sky_workdir if the image sets no working directory.
# Users without a writable home directory get one that everybody can write to.
sky_workdir() {
  [ "$(pwd)" = / ] || return 0
  for _vast_home in "${HOME:-/}" /tmp /dev/shm; do
    mkdir -p "$_vast_home/sky_workdir" 2>/dev/null && [ -w "$_vast_home/sky_workdir" ] || continue
    HOME=$_vast_home; export HOME
    cd "$_vast_home/sky_workdir" && return 0
  done
}

# own_folder creates a directory for the files of this script; other containers of
# the pod may have theirs beside it. _vast_own is empty if it cannot be created.
own_folder() {
  for _vast_dir in /dev/shm /tmp "${HOME:-/}"; do
    _vast_i=0
    while [ -w "$_vast_dir" ] && [ "$_vast_i" -lt 100 ]; do
      _vast_i=$((_vast_i + 1)) _vast_own=$_vast_dir/.vast-$_vast_i
      mkdir "$_vast_own" 2>/dev/null || continue
      "$@" && return 0
      rm -rf "$_vast_own"
      break
    done
  done
  _vast_own=
  return 1
}

# sky_sudo provides sudo for root if the image has none. It is last in PATH, so that
# one that setup installs is used instead.
sky_sudo() {
  [ "$(id -u 2>/dev/null)" = 0 ] && ! command -v sudo >/dev/null 2>&1 || return 0
  _vast_sh=$(command -v sh)
  case $_vast_sh in /*) ;; *) _vast_sh=/bin/sh ;; esac # BusyBox may find its own programs by their names only
  mkdir "$_vast_own/bin" && printf '#!%s\n%s\n' "$_vast_sh" "$_vast_sudo" >"$_vast_own/bin/sudo" || return 1
  # It may be mounted with noexec.
  chmod 755 "$_vast_own" "$_vast_own/bin" "$_vast_own/bin/sudo" && "$_vast_own/bin/sudo" true 2>/dev/null || return 1
  PATH=$PATH:$_vast_own/bin; export PATH
}

# _vast_sudo is that program. It only changes the user, if requested.
_vast_sudo='
_vast_user= _vast_dir= _vast_login= _vast_shell= _vast_background=
while getopts :AaBbC:c:D:Eeg:Hh:iKklNnPp:R:r:SsT:t:U:u:Vv-: _vast_option; do
  case $_vast_option in
    -) case $OPTARG in
      user=*) _vast_user=${OPTARG#*=} ;;
      chdir=*) _vast_dir=${OPTARG#*=} ;;
      user) eval "_vast_user=\${$OPTIND}"; OPTIND=$((OPTIND + 1)) ;;
      chdir) eval "_vast_dir=\${$OPTIND}"; OPTIND=$((OPTIND + 1)) ;;
      group | host | prompt | chroot | role | type | close-from | command-timeout | other-user | login-class | auth-type) OPTIND=$((OPTIND + 1)) ;;
      login) _vast_login=-l _vast_shell=1 ;;
      shell) _vast_shell=1 ;;
      background) _vast_background=1 ;;
      validate | list | reset-timestamp | remove-timestamp | version) exit 0 ;;
    esac ;;
    u) _vast_user=$OPTARG ;;
    D) _vast_dir=$OPTARG ;;
    i) _vast_login=-l _vast_shell=1 ;;
    s) _vast_shell=1 ;;
    b) _vast_background=1 ;;
    v | l | k | K | V) _vast_asked=1 ;;
    \?) echo "sudo: unknown option -$OPTARG" >&2; exit 1 ;;
  esac
done
shift $((OPTIND - 1))
if [ $# -eq 0 ] && [ -z "$_vast_shell" ]; then
  [ -n "${_vast_asked-}" ] && exit 0
  echo "usage: sudo [-EHi] [-u user] [NAME=value ...] command" >&2
  exit 1
fi
if [ -n "$_vast_dir" ]; then cd "$_vast_dir" || exit 1; fi
[ -n "$_vast_login" ] && { cd ~ || exit 1; }
if [ $# -eq 0 ]; then
  _vast_shell=$(command -v bash) || _vast_shell=/bin/sh
  set -- "${SHELL:-$_vast_shell}" ${_vast_login:+-l}
fi
case $1 in *=*) set -- env "$@" ;; esac
case $_vast_user in
  "" | root | "#0") ;;
  "#"*) set -- setpriv --reuid "${_vast_user#?}" --clear-groups -- "$@" ;;
  *)
    if command -v runuser >/dev/null 2>&1; then set -- runuser -u "$_vast_user" -- "$@"
    else
      _vast_command=
      for _vast_word; do _vast_command="$_vast_command '\''$(printf "%s" "$_vast_word" | sed "s/'\''/'\''\\\\'\'''\''/g")'\''"; done
      set -- su -s /bin/sh "$_vast_user" -c "exec $_vast_command"
    fi ;;
esac
[ -z "$_vast_background" ] || { "$@" & exit 0; }
if command -v "$1" >/dev/null 2>&1; then exec "$@"; fi
echo "sudo: $1: command not found" >&2
exit 1'

# sky_hint prints why a script that calls sudo may have failed.
sky_hint() {
  [ "$(id -u 2>/dev/null)" = 0 ] || command -v sudo >/dev/null 2>&1 && return
  case " $1" in
    *[!A-Za-z0-9_./-]sudo[!A-Za-z0-9_./=-]*)
      echo "vast: the script calls sudo, which the image does not have, and it runs as user $(id -u) and not as root" >&2 ;;
  esac
}

# note_bashrc records the content of ~/.bashrc before setup.
note_bashrc() {
  _vast_noted=1
  _vast_was=$(cat ~/.bashrc 2>/dev/null)
  _vast_lines=$(wc -l 2>/dev/null <~/.bashrc) || _vast_lines=0
}

# added_to_bashrc prints what setup has appended to it.
added_to_bashrc() {
  _vast_now=$(cat ~/.bashrc 2>/dev/null)
  case $_vast_now in
    "$_vast_was") ;;
    "$_vast_was"*) tail -n "+$((_vast_lines + 1))" ~/.bashrc ;;
    *) cat ~/.bashrc ;;
  esac
}

# sky_begin NAME writes the prologue of the script NAME, and sets _vast_begin to the
# command that reads it. It has what setup has appended to ~/.bashrc, because the
# lines above are for interactive shells and often return for others, and conda's
# functions, also for the scripts that the script calls.
sky_begin() {
  _vast_begin=
  [ -n "$_vast_own" ] || return 0
  _vast_file=$_vast_own/$1
  (umask 077 && : >"$_vast_file") || return 0
  [ "$1" != run ] || [ -z "${_vast_noted-}" ] || added_to_bashrc >"$_vast_file"
  if [ "$_vast_shell" = bash ]; then
    if [ -s "$_vast_file" ] || command -v conda >/dev/null 2>&1; then printf '\n%s\n' "$_vast_conda" >>"$_vast_file"; fi
  # Other shells exit at syntax that only bash supports.
  elif [ -s "$_vast_file" ] && ! "$_vast_shell" -c ". '$_vast_file'; :" >/dev/null 2>&1; then
    echo "vast: what setup has written to ~/.bashrc is not read: the image has no bash, and its sh does not understand it" >&2
    return 0
  fi
  [ ! -s "$_vast_file" ] || _vast_begin=". '$_vast_file'; "
}

_vast_conda='
_vast_conda=$(type -P conda) && _vast_conda=${_vast_conda%/*/*}/etc/profile.d/conda.sh && if [ -r "$_vast_conda" ]; then set -a; . "$_vast_conda"; set +a; fi
unset _vast_conda
:'
