#!/usr/bin/env bash
# npm start: installs and builds what is missing, then replays the bundled capture of a real masscan and
# nmap pipeline through the whole program. `npm start -- run -i eth0` runs any picket command instead.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh
prepare
build_typescript
build_native
keep_code
if [ $# -gt 0 ]; then exec dist/src/main.js "$@"; fi
say 'replaying test/captures/pipeline.pcap.gz: masscan over a /24, then nmap on what it found'
exec dist/src/main.js read test/captures/pipeline.pcap.gz \
  --home 198.51.100.0/24,198.18.4.0/22,2001:db8:100::/64,fd01::/64
