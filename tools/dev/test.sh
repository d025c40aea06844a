# ./dev test and its parts

dev_test() {
  local parts=("$@") part
  [ ${#parts[@]} -gt 0 ] || parts=(contracts node dapp system browser)
  for part in "${parts[@]}"; do
    case $part in
      contracts | node | dapp | system | browser) ;;
      *) die "test: no part is called \"$part\"" ;;
    esac
  done
  install_debian deps.apt deps.test.apt
  know_localhost
  use_node
  for part in "${parts[@]}"; do "test_$part"; done
}

test_contracts() {
  step "Building the contracts" build_contracts
  shown "Testing the contracts" npm --prefix contracts test
}

test_node() {
  model_set=test
  npm_ci test
  step "Building the contracts" build_contracts
  step "Fetching the models" models/fetch.sh libs test
  step "Building the node and its tests" build_node release all
  shown "Testing the node" ctest --preset release
}

test_dapp() {
  npm_ci test   # its wallet for browsers
  step "Building the contracts" build_contracts
  step "Building the dApp" build_dapp
  shown "Testing the dApp" npm --prefix dapp test
  shown "Testing its pages in Chromium" npm --prefix dapp run test:page
}

prepare_system() {
  model_set=test
  prepare
  npm_ci test
}

test_system() {
  prepare_system
  shown "Testing the system with stock clients" npm --prefix test run system
}

test_browser() {
  prepare_system
  shown "Testing in the browser" npm --prefix test run browser
}
