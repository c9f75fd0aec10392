#!/usr/bin/env bash
# The fleet on the other servers it is for: Redis 8 and Valkey 8, which Debian 12 has not. Their Debian
# packages are unpacked into .cache/servers, with the libraries they were built for, and nothing is
# installed. Figures are the lines `servers: ...`; the last line is `N passed, N failed, N skipped`.
set -u
cd "$(dirname "$0")/.."
. scripts/lib.sh
folder="$PWD/.cache/servers"
mkdir -p "$folder"

# apt with lists of its own, for a release this machine need not have among its sources.
apt_13() {
  state="$folder/apt"
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  site=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Origin: Debian' | grep -v security |
    head -n 1 | cut -d ' ' -f 1)
  printf 'deb %s trixie main\n' "$site" >"$state/sources.list"
  timeout 300 apt-get -q -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" -o APT::Sandbox::User=root "$@"
}

libraries='libc6 libgcc-s1 libstdc++6 libatomic1 libjemalloc2 liblzf1 libsystemd0 libcap2 libssl3t64
  libzstd1 zlib1g'
# unpack NAME PACKAGE: into $folder/NAME, with its libraries.
unpack() {
  name=$1; package=$2
  [ ! -e "$folder/$name/.unpacked" ] || return 0
  mkdir -p "$folder/$name/packages"
  say "fetching $name from Debian 13: $package and its libraries"
  apt_13 update >/dev/null 2>&1
  (cd "$folder/$name/packages" && apt_13 download "$package" $libraries >/dev/null) || return 1
  for file in "$folder/$name/packages"/*.deb; do dpkg-deb -x "$file" "$folder/$name" || return 1; done
  touch "$folder/$name/.unpacked"
}

# The program runs with the C library it was built for, whatever this machine has.
wrapper() {
  of="$folder/$1/usr/lib/x86_64-linux-gnu"
  printf '#!/bin/sh\nexec "%s" --library-path "%s" --argv0 redis-server "%s" "$@"\n' \
    "$of/ld-linux-x86-64.so.2" "$of" "$folder/$1/$2" >"$folder/$1/server"
  chmod +x "$folder/$1/server"
}

passed=0
failed=0
skipped=0
# try NAME: the transport's conformance, the four ways, the users, the faults.
try() {
  program="$folder/$1/server"
  said=$("$program" --version) || { echo "$1 does not start"; failed=$((failed + 1)); return; }
  for config in vitest.config.ts vitest.slow.config.ts; do
    report="$folder/report.json"
    rm -f "$report"
    PICKET_TEST_REDIS="$program" vitest run --config "$config" --reporter=default --reporter=json \
      --outputFile.json="$report" src/transport/bullmq test/fleet
    status=$?
    counts=$(node -p 'const r = require(process.argv[1]); `${r.numPassedTests} ${r.numFailedTests}`' "$report") ||
      counts='0 1'
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    # A file that could not be run is no failed test.
    [ "$status" = 0 ] || [ "${counts#* }" != 0 ] || failed=$((failed + 1))
    echo "servers: ${said%% sha=*}: $config: ${counts% *} passed, ${counts#* } failed"
  done
}

# server NAME PACKAGE PROGRAM
server() {
  if unpack "$1" "$2" && wrapper "$1" "$3"; then
    try "$1"
  else
    echo "servers: $1 skipped: its Debian packages cannot be had here"
    skipped=$((skipped + 1))
  fi
}

server redis-8 redis-tools usr/bin/redis-check-rdb
server valkey-8 valkey-tools usr/bin/valkey-check-rdb
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
