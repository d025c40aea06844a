# ./dev check, bench, fmt and clean

cxx_sources() { git ls-files -- 'stoa/*.cpp' 'stoa/*.hpp' 'cmd/*.cpp' 'bench/*.cpp' 'fuzz/*.cpp' \
  'proof/*.cpp' 'proof/*.hpp'; }

install_check() {
  install_debian deps.apt deps.test.apt deps.check.apt
  use_node
}

check_format() { cxx_sources | xargs -r clang-format --dry-run --Werror; }

# tidy FILE...   clang-tidy with the compile commands of the release build
tidy() { printf '%s\n' "$@" | xargs -r -P "$(nproc)" -n 4 clang-tidy --quiet -p build/release; }

# What has changed since main; the whole tree with --long.
check_tidy() {
  local files
  if $long; then
    files=$(cxx_sources)
  else
    files=$(git diff --name-only --diff-filter=d "$(git merge-base HEAD origin/main 2>/dev/null || echo HEAD)")
  fi
  # shellcheck disable=SC2046
  tidy $(grep -E '^(stoa|cmd)/.*\.cpp$' <<<"$files" || true)
}

# sanitized PRESET   the unit tests under a sanitizer; every module's test is a target
sanitized() {
  step "Building the tests with $1" build_node "$1" all
  shown "Testing with $1" ctest --preset "$1"
}

# fuzz SECONDS   each parser of untrusted bytes for so long, beginning with fuzz/corpus
fuzz() {
  local seconds=$1 name found=build/fuzz/found
  step "Building the fuzzers" build_node fuzz fuzzers
  mkdir -p "$found"
  for fuzzer in build/fuzz/bin/fuzz_*; do
    name=${fuzzer##*/fuzz_}
    mkdir -p "$found/$name"
    step "Fuzzing $name" "$fuzzer" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
      -artifact_prefix="$found/$name-" "$found/$name" "fuzz/corpus/$name"
  done
}

# What payments promise, tried the hard way: docs/explanation/payments.md
proofs() {
  local cuts=10 worlds=2000 proof=build/release/bin/stoa-proof
  if $long; then
    cuts=200 worlds=10000
    shown "Killing the ledger" "$proof" kill 1000
  fi
  shown "Simulating chain, buyers and node" "$proof" simulate "$worlds"
  shown "Cutting the ledger's power" as_root env \
    STOA_WITHOUT_POWER_CUTS="${STOA_WITHOUT_POWER_CUTS:-}" "$proof" power-cut "$cuts"
}

dev_check() {
  local long=false
  case ${1:-} in
    --long) long=true ;;
    '') ;;
    *) die "check: unknown option $1" ;;
  esac
  dev_test
  install_check
  proofs
  shown "Checking the format" check_format
  step "Linting the C++ code" check_tidy
  sanitized asan
  if $long; then
    sanitized tsan
    fuzz 300
  else
    fuzz 10
  fi
}

dev_fmt() {
  install_check
  cxx_sources | xargs -r clang-format -i
  ! [ -d contracts/node_modules ] || npm --prefix contracts run fmt
  ! [ -d dapp/node_modules ] || npm --prefix dapp run fmt
}

dev_clean() { rm -rf build dapp/dist contracts/out contracts/cache deployments/1337.json; }

# wants_bench NAME ARGUMENT...   whether the arguments name that question, or none
wants_bench() {
  local wanted=$1 named=false; shift
  for argument in "$@"; do
    [ "$argument" != "$wanted" ] || return 0
    [ "$argument" = --json ] || named=true
  done
  ! $named
}

install_peer() { npm_ci bench/peer; }

dev_bench() {
  install_debian deps.apt
  use_node
  step "Building the benchmarks" build_node release stoa-bench stoad stoa-worker stoa
  if wants_bench paid "$@"; then
    step "Building the contracts" build_contracts
    step "Installing the peer" install_peer
  fi
  if wants_bench first_token "$@" || wants_bench catalogue "$@"; then
    models/fetch.sh --present libs test || step "Fetching the models (test)" models/fetch.sh libs test
  fi
  build/release/bin/stoa-bench "$@"
}
