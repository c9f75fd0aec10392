#!/usr/bin/env bash
# Reads every capture there is with the core under AddressSanitizer and UBSan. Damaged captures are
# expected; a sanitizer report or a crash is a failure. The last line is `N passed, N failed`.
set -eu
cd "$(dirname "$0")/.."
program=$(bash native/test/build.sh batch_dump)
passed=0
failed=0
unpacked=.cache/unpacked.pcap
mkdir -p .cache
while IFS= read -r capture; do
  file=$capture
  case $capture in *.gz) gzip -dc "$capture" >"$unpacked" && file=$unpacked ;; esac
  status=0
  "$program" -h 198.51.100.0/24 -h 10.0.0.0/8 -h 192.168.0.0/16 -h 2001:db8:100::/64 "$file" \
    >/dev/null 2>.cache/sanitizer.log || status=$?
  if [ "$status" -gt 3 ] || grep -q 'Sanitizer\|runtime error' .cache/sanitizer.log; then
    failed=$((failed + 1))
    echo "FAIL $capture (status $status)"
    head -n 20 .cache/sanitizer.log
  else
    passed=$((passed + 1))
  fi
done <<EOF
$(find test ../shared/captures -name '*.pcap' -o -name '*.pcapng' -o -name '*.pcap.gz' 2>/dev/null | sort)
EOF
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
