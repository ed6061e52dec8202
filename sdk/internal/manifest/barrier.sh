# The barrier of a task's nodes: run starts on all of them when setup has finished
# on all of them. Node 0 keeps the list of ready nodes in a directory, from before
# its own setup; the others query it over short connections, with a program that
# the image has. Nodes that have terminated stay on the list. A node resolves only
# its own name and that of node 0.
#
# A request is a line "<task> ready <rank>" or "<task> off <rank>". The response
# is "go", or "wait" and the ranks of the first missing nodes.

# _vast_answer responds to one request. Its arguments: the directory, the task, and
# the number of nodes. Requests may come from anywhere: it reads no more than a
# request has, and does not respond if the name of the task is wrong.
_vast_answer='
_vast_line=$(dd bs=256 count=1 2>/dev/null)
_vast_rank=${_vast_line#"$2 "}
[ "$_vast_rank" != "$_vast_line" ] || exit 0
_vast_word=${_vast_rank%% *} _vast_rank=${_vast_rank#* }
case $_vast_word in ready | off) ;; *) exit 0 ;; esac
case $_vast_rank in "" | *[!0-9]*) exit 0 ;; esac
: >"$1/$_vast_word.$_vast_rank"
_vast_i=0 _vast_n=0 _vast_missing=
while [ ! -e "$1/all" ] && [ "$_vast_i" -lt "$3" ]; do
  if [ ! -e "$1/ready.$_vast_i" ]; then
    _vast_n=$((_vast_n + 1))
    [ "$_vast_n" -le 4 ] || { _vast_missing="$_vast_missing ..."; break; }
    _vast_missing="$_vast_missing $_vast_i"
  fi
  _vast_i=$((_vast_i + 1))
done
[ -z "$_vast_missing" ] || { echo "wait$_vast_missing"; exit; }
: >"$1/all"
echo go
'

# The programs that serve and query. Connections without a request time out.
_vast_python_serve='
import socket, struct, subprocess, sys
for family, host in ((socket.AF_INET6, "::"), (socket.AF_INET, "")):
    try:
        s = socket.socket(family)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.bind((host, int(sys.argv[1])))
        s.listen(128)
        break
    except OSError as e:
        error = e
else:
    sys.exit("vast: cannot listen at port %s: %s" % (sys.argv[1], error))
while True:
    c = s.accept()[0]
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 5, 0))
    subprocess.call(sys.argv[2:], stdin=c, stdout=c)
    c.close()
'
_vast_python_ask='
import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
c.sendall((sys.argv[3] + "\n").encode())
print(c.makefile().readline().strip())
'
_vast_perl_serve='
use IO::Socket; use Socket qw(SOL_SOCKET SO_RCVTIMEO);
my $port = shift;
my $s = eval { require IO::Socket::IP; IO::Socket::IP->new(LocalHost => "::", LocalPort => $port, Listen => 128, ReuseAddr => 1, V6Only => 0) }
  || IO::Socket::INET->new(LocalPort => $port, Listen => 128, ReuseAddr => 1)
  || die "vast: cannot listen at port $port: $!\n";
while (1) {
  my $c = $s->accept or next;
  setsockopt($c, SOL_SOCKET, SO_RCVTIMEO, pack("l!l!", 5, 0));
  if (!fork) { open(STDIN, "<&", $c); open(STDOUT, ">&", $c); exec @ARGV }
  close $c;
  wait;
}
'
_vast_perl_ask='
use IO::Socket;
my %to = (PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => 5);
alarm 10;
my $c = eval { require IO::Socket::IP; IO::Socket::IP->new(%to) } || IO::Socket::INET->new(%to) || exit 1;
print $c "$ARGV[2]\n";
$c->flush;
print scalar <$c>;
'

# barrier_way sets the program that the image has. All nodes have the same image.
barrier_way() {
  _vast_way= _vast_limit=
  if command -v python3 >/dev/null 2>&1; then _vast_way=python3
  elif command -v perl >/dev/null 2>&1; then _vast_way=perl
  elif nc --help 2>&1 | grep -q -e '-e PROG'; then
    _vast_way=nc
    ! timeout 5 true 2>/dev/null || _vast_limit="timeout 5"
  fi
}

serve() {
  set -- "$_vast_port" sh -c "$_vast_answer" vast "$_vast_list" "$_vast_hosts" "$NUM_NODES"
  case $_vast_way in
    python3) exec python3 -c "$_vast_python_serve" "$@" ;;
    perl) exec perl -e "$_vast_perl_serve" "$@" ;;
    nc) shift && exec nc -l -p "$_vast_port" -e $_vast_limit "$@" ;;
  esac
}

# ask WORD prints the response of node 0, if there is one.
ask() {
  set -- "$_vast_hosts-0.$_vast_hosts" "$_vast_port" "$_vast_hosts $1 $NODE_RANK"
  if [ "$NODE_RANK" -eq 0 ]; then echo "$3" | sh -c "$_vast_answer" vast "$_vast_list" "$_vast_hosts" "$NUM_NODES"; return; fi
  case $_vast_way in
    python3) python3 -c "$_vast_python_ask" "$@" 2>/dev/null ;;
    perl) perl -e "$_vast_perl_ask" "$@" 2>/dev/null ;;
    nc) echo "$3" | nc -w 5 "$1" "$2" 2>/dev/null ;;
  esac
}

# barrier_open makes node 0 listen, and restarts the server when it terminates.
barrier_open() {
  barrier_way
  [ -n "$_vast_way" ] || return 0
  [ "$NODE_RANK" -eq 0 ] || return 0
  for _vast_list in /dev/shm /tmp "${HOME:-/}" .; do [ ! -w "$_vast_list" ] || break; done
  _vast_list=$_vast_list/.vast-$_vast_hosts
  mkdir -p "$_vast_list" || return
  (
    trap 'kill "$_vast_server" 2>/dev/null; exit 0' TERM
    (serve) &
    while _vast_server=$!; do
      # nc ends well after each question.
      wait "$_vast_server" 2>/dev/null || sleep 1
      (serve) 2>/dev/null & # what went wrong has been said
    done
  ) &
  _vast_listener=$!
  trap 'kill "$_vast_listener" 2>/dev/null; rm -rf "$_vast_list"' EXIT
}

# resolves NAME reports whether the cluster's DNS resolves a host. BusyBox's nslookup
# ignores search domains, so it gets the full name.
resolves() {
  if command -v getent >/dev/null 2>&1; then getent hosts "$1" >/dev/null 2>&1
  elif command -v nslookup >/dev/null 2>&1; then nslookup "$1.$_vast_domain" >/dev/null 2>&1
  elif command -v python3 >/dev/null 2>&1; then python3 -c 'import socket, sys; socket.gethostbyname(sys.argv[1])' "$1" 2>/dev/null
  else return 0
  fi
}

# look queries whether this node may start. If not, _vast_missing has the missing
# nodes and _vast_what names them in words.
look() {
  # More than once, since more than one server may respond.
  for _vast_i in 1 2 3; do
    [ -z "$_vast_named" ] || break
    resolves "$_vast_hosts-$NODE_RANK.$_vast_hosts" && continue
    _vast_missing=dns _vast_what="its own name in the cluster's DNS"
    return 1
  done
  _vast_named=1
  [ -n "$_vast_way" ] || return 0
  _vast_missing=$(ask ready)
  case $_vast_missing in
    go) return 0 ;;
    "wait "*) _vast_missing=${_vast_missing#wait } ;;
    *)
      _vast_missing=0 _vast_what="node 0 to start"
      return 1
      ;;
  esac
  _vast_what=
  for _vast_i in $_vast_missing; do
    if [ "$_vast_i" = ... ]; then _vast_what="$_vast_what and more"; else _vast_what="$_vast_what${_vast_what:+, }$_vast_i"; fi
  done
  case $_vast_what in
    *,*) _vast_what="the setup of nodes $_vast_what" ;;
    *) _vast_what="node $_vast_what's setup" ;;
  esac
  return 1
}

# barrier waits for all nodes, and fails after the timeout. It queries DNS late and
# seldom, because DNS servers cache negative responses.
barrier() {
  while read -r _vast_key _vast_first _; do
    [ "$_vast_key" != search ] || _vast_domain=$_vast_first
  done 2>/dev/null </etc/resolv.conf
  [ -n "$_vast_way" ] || echo "vast: none of python3, perl and BusyBox's nc is in the PATH: run does not wait for the other nodes' setup" >&2
  sleep 2
  _vast_since=$(date +%s) _vast_now=$_vast_since _vast_said= _vast_last= _vast_named=
  until [ -n "$_vast_ending" ] || look; do
    _vast_now=$(date +%s)
    if [ $((_vast_now - _vast_since)) -ge "$_vast_patience" ]; then
      echo "vast: gave up after $_vast_patience s: waits for $_vast_what" >&2
      printf ' vast:missing:%s' "$(echo $_vast_missing | tr ' ' ,)" >>"$_vast_mark" 2>/dev/null
      return 1
    fi
    # A short wait is not reported; a long one is, every minute.
    if [ "$_vast_what" = "$_vast_last" ] && { [ "$_vast_what" != "$_vast_said" ] || [ $((_vast_now - _vast_at)) -ge 60 ]; }; then
      echo "vast: waits for $_vast_what" >&2
      _vast_said=$_vast_what _vast_at=$_vast_now
    fi
    _vast_last=$_vast_what
    sleep $((2 + NUM_NODES / 100))
  done
  [ -z "$_vast_ending" ] || return 1
  [ -z "$_vast_said" ] || echo "vast: all nodes are ready" >&2
  # Node 0 stays until all nodes are ready.
  if [ -n "$_vast_listener" ]; then
    barrier_watch &
  elif [ -n "$_vast_way" ] && [ "$(ask off)" != go ]; then # nc does not report a dropped connection
    (for _vast_i in 1 2 3 4 5; do sleep 1 && [ "$(ask off)" = go ] && exit; done) &
    _vast_confirmer=$!
  fi
}

# barrier_watch stops the server when all others have received the start.
barrier_watch() {
  _vast_i=1
  while [ "$_vast_i" -lt "$NUM_NODES" ]; do
    if [ -e "$_vast_list/off.$_vast_i" ]; then _vast_i=$((_vast_i + 1)); else sleep 1; fi
  done
  kill "$_vast_listener" 2>/dev/null
  : >"$_vast_list/closed"
}

# barrier_close keeps node 0 running after a successful run until the others have
# received the start, and another node until it has confirmed that: a run may be short.
# A failed node fails the task, so it does not wait.
barrier_close() {
  [ -z "$_vast_confirmer" ] || wait "$_vast_confirmer"
  [ -n "$_vast_listener" ] || return 0
  _vast_n=0
  until [ -e "$_vast_list/closed" ] || [ "$_vast_n" -ge 120 ] || [ -n "$_vast_ending" ]; do
    _vast_n=$((_vast_n + 1))
    sleep 1
  done
  return 0
}
