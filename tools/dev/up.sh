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

# The demo models: name in models/, licence price in dollars, then the service's prices in
# millionths of a dollar: a call, a million tokens in, a million tokens out.
demo_models() {
  cat <<'TABLE'
stories15m 1.00 llama 50 50000 200000
minilm 2.00 llama 20 20000 0
silero_vad 3.00 onnx 100 0 0
TABLE
  [ "$model_set" = test ] || echo "tinyllama 5.00 llama 100 200000 600000"
}

model_file() { node -p "JSON.parse(require('fs').readFileSync('models/$1.json')).properties.artifacts[0].path"; }

write_config() {
  cat <<TOML
# Written once by ./dev up; yours to change. \`stoad --help\` explains each setting.
dapp = "$root/dapp/dist"
worker = "$root/build/release/bin/stoa-worker"
openapi = "$root/docs/reference/openapi.json"
abi = "$root/contracts/abi"

[chain]
mode = "embedded"
anvil = "$root/contracts/node_modules/@foundry-rs/anvil-linux-$(dpkg --print-architecture)/bin/anvil"
genesis = "$root/build/genesis/1337.json"
deployment = "$root/deployments/1337.json"
TOML
  local name price engine per_call per_input per_output
  while read -r name price engine per_call per_input per_output; do
    cat <<TOML

[[models]]
alias = "$name"
file = "$root/build/models/$(model_file "$name")"
engine = "$engine"
manifest = "$root/models/$name.json"
per_call = "$per_call"
per_million_input = "$per_input"
per_million_output = "$per_output"
TOML
  done < <(demo_models)
}

# publish_demo URL   lists what is not listed yet, as the test mnemonic's account 7, for three payees
publish_demo() {
  local stoa="build/release/bin/stoa --node $1 --data $data/creator" name price rest
  local split=0x14dC79964da2C08b23698B3D3cc7Ca32193d9955:50,0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f:30
  split+=,0xa0Ee7A142d267C1f36714E4a8F75612F20a79720:20
  $stoa key list | grep -qw creator ||
    $stoa key import creator --mnemonic-file test/vectors/anvil.mnemonic --index 7
  while read -r name price rest; do
    $stoa publish "models/$name.json" --file "build/models/$(model_file "$name")" --price "$price" \
      --split "$split" --key creator </dev/null
  done < <(demo_models)
}

# wait_ready URL PID   our own node, not another one that has the port
wait_ready() {
  until [ "$(cat "$data/run/stoad.pid" 2>/dev/null)" = "$2" ] &&
    curl -fsS -o /dev/null --max-time 2 "$1/readyz" 2>/dev/null; do
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
    for _ in $(seq 450); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    ! kill -0 "$pid" 2>/dev/null || die "the node (pid $pid) does not end; see $data/log/stoad.log"
  fi
  if read -r pid started 2>/dev/null <"$data/chain/anvil.pid" &&
    [ "$(cut -d' ' -f22 "/proc/$pid/stat" 2>/dev/null)" = "$started" ]; then
    kill -TERM "$pid"
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  fi
  say "Stoa on $data is stopped."
}
