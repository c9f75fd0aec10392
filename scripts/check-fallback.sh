#!/usr/bin/env bash
# Tries the project as someone without a compiler, libpcap headers or root's package manager would: a
# fresh clone, a PATH without those commands, `npm start` on the TypeScript observer. Ends with
# `N passed, N failed`.
set -u
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0; failed=0
expect() { # NAME CONDITION...
  name=$1; shift
  if "$@"; then passed=$((passed + 1)); echo "ok    $name"
  else failed=$((failed + 1)); echo "FAIL  $name"; fi
}

mkdir "$work/bin"
for directory in "$(dirname "$(command -v node)")" /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
  for command in "$directory"/*; do
    case ${command##*/} in
      *g++* | *gcc* | cc | c++ | *clang* | cpp* | apt-get | make) continue ;;
    esac
    [ -e "$work/bin/${command##*/}" ] || ln -s "$command" "$work/bin/${command##*/}"
  done
done
git clone --quiet . "$work/clone" || exit 1
cd "$work/clone" || exit 1

start() { env -u PICKET_OBSERVER PATH="$work/bin" npm start >"$1.out" 2>"$1.err"; }
start first; first=$?
seconds=$SECONDS
start second; second=$?
seconds=$((SECONDS - seconds))
expect 'npm start without a compiler ends well' [ "$first" = 0 ]
expect 'it says what is missing' grep -q 'missing:.*compiler' first.err
expect 'it says that the TypeScript observer is used' grep -qi 'typescript' first.err
expect 'the report names the scanner' grep -q '203\.0\.113\.120' first.out
expect 'the second start ends well' [ "$second" = 0 ]
expect "the second start takes seconds ($seconds)" [ "$seconds" -le 30 ]
expect 'doctor ends well' env PATH="$work/bin" node dist/src/main.js doctor
[ "$failed" = 0 ] || tail -n 30 first.err second.err
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
