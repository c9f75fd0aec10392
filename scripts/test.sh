#!/usr/bin/env bash
# npm test: installs and builds what is missing, then every quick check. `npm test -- --all` adds the slow
# ones that CI runs; `npm test -- --only NAME` runs the checks whose name contains NAME.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh
prepare
install_test_packages
build_typescript
build_native
keep_code
exec node scripts/checks.mjs "$@"
