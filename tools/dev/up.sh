# ./dev up and ./dev down

up_options() {
  data=$caller/data port=8420 detach=false model_set=demo
  [ "${STOA_DATA:-}" = "" ] || data=$STOA_DATA
  while [ $# -gt 0 ]; do
    case $1 in
      --detach) detach=true ;;
      --fast) model_set=test ;;
      --data) data=${2:?--data needs a folder}; shift ;;
      --port) port=${2:?--port needs a number}; shift ;;
      *) help >&2; die "up: unknown option $1" ;;
    esac
    shift
  done
  case $data in /*) ;; *) data=$caller/$data ;; esac
}

# node_pid   the running node of this data folder, or nothing
node_pid() {
  local pid
  pid=$(cat "$data/run/stoad.pid" 2>/dev/null) || return 0
  [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$root/build/release/bin/stoad" ] || return 0
  tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF "$data" && printf '%s\n' "$pid"
}

dev_up() {
  up_options "$@"
  prepare
  mkdir -p "$data/run" "$data/log"
  local url="http://localhost:$port" pid
  pid=$(node_pid)
  if [ -n "$pid" ]; then
    url=$(cat "$data/run/url" 2>/dev/null || echo "$url")
    say "Stoa is already running on $data: $url"
    return 0
  fi
  [ -f "$data/stoa.toml" ] || write_config >"$data/stoa.toml"
  setsid build/release/bin/stoad --config "$data/stoa.toml" --data "$data" --port "$port" \
    >>"$data/log/stoad.log" 2>&1 </dev/null &
  pid=$!
  printf '%s\n' "$url" >"$data/run/url"
  $detach || trap 'dev_down --data "$data"; exit 0' INT TERM
  step "Starting chain and node" wait_ready "$url" "$pid"
  step "Publishing the demo models" publish_demo "$url"
  say ""
  say "  Stoa is open: $url"
  [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] ||
    say "  from another machine: ssh -L $port:localhost:$port $(id -un)@$(hostname), then the same address"
  say "  stop it with: ./dev down$([ "$data" = "$caller/data" ] || printf ' --data %q' "$data")"
  $detach || { while kill -0 "$pid" 2>/dev/null; do sleep 1; done; tail -n 5 "$data/log/stoad.log"; }
}

# wait_ready URL PID
wait_ready() {
  until curl -fsS -o /dev/null --max-time 2 "$1/readyz" 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || { tail -n 20 "$data/log/stoad.log"; return 1; }
    sleep 0.2
  done
}

dev_down() {
  up_options "$@"
  local pid started
  pid=$(node_pid)
  if [ -n "$pid" ]; then
    kill -TERM "$pid"
    for _ in $(seq 300); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    ! kill -0 "$pid" 2>/dev/null || die "the node (pid $pid) does not end; see $data/log/stoad.log"
  fi
  if read -r pid started 2>/dev/null <"$data/chain/anvil.pid" &&
    [ "$(cut -d' ' -f22 "/proc/$pid/stat" 2>/dev/null)" = "$started" ]; then
    kill -TERM "$pid"
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  fi
  say "Stoa on $data is stopped."
}
