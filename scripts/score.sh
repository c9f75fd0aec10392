#!/usr/bin/env bash
# npm run score [-- --only NAME]: scores the built command on the lab captures with the scorer beside the
# repository. Says so and ends with status 2 when they are not there.
set -eu
cd "$(dirname "$0")/.."
scorer=../shared/tools/score
captures=../shared/captures/lab
if [ ! -e "$scorer" ] || [ ! -d "$captures" ]; then
  echo "score: $scorer and $captures are needed beside the repository" >&2
  exit 2
fi
bash scripts/build.sh
exec node "$scorer" --cmd 'node dist/src/main.js read {file} --home {home} --json' "$@" "$captures"
