#!/usr/bin/env bash
# Builds the core's tests under sanitizers and runs the doctest program. `build.sh NAME` builds only
# that program (decode_dump ...), quietly, and prints where it is: the differential tests ask for it.
set -eu
cd "$(dirname "$0")"
mkdir -p ../out/test
# Two test files may ask at the same time; make does not share a folder with another make.
exec 9>../out/test/.lock
flock 9 2>/dev/null || true
if [ $# -gt 0 ]; then
  make --silent "../out/test/$1" >&2
  echo "$PWD/../out/test/$1"
  exit 0
fi
make --silent -j2 all
../out/test/core_test
