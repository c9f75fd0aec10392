#!/usr/bin/env bash
# Builds the libFuzzer targets with clang, AddressSanitizer and UBSan into ../out/fuzz and prints where.
set -eu
cd "$(dirname "$0")"
out=../out/fuzz
mkdir -p "$out"
sources=$(find ../core -name '*.cc' ! -name 'live_source.cc')
for target in fuzz_*.cc; do
  name=${target%.cc}
  if [ ! -x "$out/$name" ] || [ -n "$(find ../core . -newer "$out/$name" -name '*.[ch]*' | head -n 1)" ]; then
    # shellcheck disable=SC2086
    clang++ -std=c++20 -O1 -g1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
      -I../core -o "$out/$name" "$target" $sources
  fi
  echo "$PWD/$out/$name"
done
