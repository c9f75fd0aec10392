#!/usr/bin/env bash
# Runs every libFuzzer target for a short while (SECONDS_EACH, default 40), seeded with the captures here.
# The last line is `N passed, N failed`. Longer runs: docs/fuzzing.md.
set -eu
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-40}
seeds=.cache/fuzz-seeds
mkdir -p "$seeds"
for capture in test/captures/*.gz test/golden/*/input.pcap.gz; do
  [ -e "$capture" ] || continue
  # The first kilobytes: a fuzzer learns more from small inputs.
  gzip -dc "$capture" | head -c 4096 >"$seeds/$(echo "$capture" | tr / _)" || true
done
passed=0
failed=0
for target in $(bash native/fuzz/build.sh); do
  name=$(basename "$target")
  mkdir -p ".cache/fuzz/$name"
  if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix=".cache/fuzz/$name-" ".cache/fuzz/$name" "$seeds" >".cache/fuzz/$name.log" 2>&1; then
    passed=$((passed + 1))
    echo "$name: $(grep -o 'stat::number_of_executed_units: *[0-9]*' ".cache/fuzz/$name.log" | tail -n 1)"
  else
    failed=$((failed + 1))
    tail -n 30 ".cache/fuzz/$name.log"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
