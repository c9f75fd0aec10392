# Shared by start.sh, build.sh and test.sh: installs what is missing, builds what changed. Sourced from
# the repository's root. Quick when there is nothing to do. Messages go to standard error.

PATH="$PWD/node_modules/.bin:$PATH"
say() { printf 'picket: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
# True when FILE is missing or anything under the given paths is newer than it.
stale() {
  stamp=$1; shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -type f -newer "$stamp" -print -quit 2>/dev/null)" ]
}

have_compiler() { have g++ || have clang++; }
have_pcap_headers() {
  for header in /usr/include/pcap.h /usr/local/include/pcap.h /opt/homebrew/include/pcap.h; do
    [ ! -e "$header" ] || return 0
  done
  return 1
}

# Debian packages the native observer is built with. Only as root; anything else is told once.
install_debian_packages() {
  missing=''
  have_compiler || missing="$missing g++"
  have make || missing="$missing make"
  have python3 || missing="$missing python3"
  have_pcap_headers || missing="$missing libpcap-dev"
  [ -n "$missing" ] || return 0
  why='to build the native observer; without it the TypeScript observer reads packets, more slowly'
  if [ "$(id -u)" = 0 ] && have apt-get; then
    say "installing Debian packages:$missing ($why)"
    apt_install $missing || say "they could not be installed; going on without."
  elif have apt-get; then
    say "missing:$missing ($why). Install with: sudo apt-get install$missing"
  else
    say "missing: a C++20 compiler, make, python3 or the libpcap headers ($why)."
  fi
}

# Debian packages that tests start as servers of their own. Only as root; else those tests are skipped.
install_test_packages() {
  if have redis-server || have valkey-server; then return 0; fi
  why='the tests of the fleet start it on sockets of their own; without it they are skipped'
  if [ "$(id -u)" = 0 ] && have apt-get; then
    say "installing Debian packages: redis-server ($why)"
    apt_install redis-server || say 'it could not be installed; going on without.'
  else
    say "missing: redis-server or valkey-server ($why)."
  fi
}

apt_install() {
  # RUNLEVEL=1: a server that is installed is not started as a service of the machine.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  log=$(mktemp)
  if { timeout 120 apt-get update && timeout 600 apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
    rm -f "$log"
  else
    tail -n 3 "$log" >&2; rm -f "$log"; return 1
  fi
}

# Where node's own headers lie, when they lie beside it: then node-gyp has nothing to download.
node_prefix() {
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [ -f "$prefix/include/node/node_api.h" ]; then echo "$prefix"; fi
}

# The lock file that node_modules was installed from is kept inside it.
install_npm_packages() {
  if cmp -s package-lock.json node_modules/.picket-lock; then return 0; fi
  say 'installing npm packages (package-lock.json changed or this is the first run)'
  # nodedir is for the packages that compile (cap); npm itself would warn about it.
  npm_config_nodedir="${npm_config_nodedir:-$(node_prefix)}" \
    npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.picket-lock
}

build_typescript() {
  stale dist/.built src packages package.json tsconfig.json tsconfig.build.json scripts/bundle.mjs || return 0
  say 'building TypeScript'
  tsc -p tsconfig.build.json
  node scripts/bundle.mjs
  touch dist/.built
}

# After the builds, and again for another node: without it everything works, and starts more slowly.
keep_code() {
  kept=dist/code/.kept
  [ "$(cat $kept 2>/dev/null)" != "$(node --version)" ] ||
    stale $kept dist/.built native/build/Release/picket.node scripts/code-cache.mjs scripts/keep-code.cjs ||
    return 0
  say 'keeping what node compiles of the program'
  if node scripts/code-cache.mjs; then
    node --version >$kept
  else
    say 'it could not be kept; every start compiles anew.'
  fi
}

# A native build that fails is not fatal: the TypeScript observer does the same work.
build_native() {
  [ -f native/binding.gyp ] || return 0
  if ! have_compiler || ! have make || ! have python3; then
    [ -e native/build/Release/picket.node ] || say 'no native observer on this machine: see picket doctor.'
    return 0
  fi
  stale native/build/.built native/core native/node native/binding.gyp || return 0
  say 'building the native observer (about a minute the first time)'
  mkdir -p native/build
  log=$(mktemp)
  nodedir=$(node_prefix)
  if (cd native && node-gyp --loglevel=error --jobs=max ${nodedir:+"--nodedir=$nodedir"} configure build) \
    >"$log" 2>&1; then
    touch native/build/.built
  else
    tail -n 20 "$log" >&2
    # One of an earlier state would be taken for this one.
    rm -f native/build/Release/picket.node
    say 'the native observer did not build; the TypeScript observer is used instead.'
  fi
  rm -f "$log"
}

prepare() {
  have node || { say 'Node.js 20.19 or newer is needed: https://nodejs.org'; exit 1; }
  install_debian_packages
  install_npm_packages
}
