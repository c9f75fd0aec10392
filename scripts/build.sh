#!/usr/bin/env bash
# npm run build: the TypeScript to dist/, the addon to native/build/. Installs what that needs.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh
prepare
build_typescript
build_native
keep_code
say 'built: node dist/src/main.js --help'
