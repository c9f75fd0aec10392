/** Node, and what the native observer is built with. */
import { existsSync } from 'node:fs';
import { type CheckResult, missing, ok, outputOf, warn } from './check.js';

/** The floor in package.json's `engines`. */
const NODE_MIN = { major: 20, minor: 19 };
const PCAP_HEADERS = [
  '/usr/include/pcap/pcap.h',
  '/usr/local/include/pcap/pcap.h',
  '/opt/homebrew/include/pcap/pcap.h',
];

export function checkToolchain(): CheckResult[] {
  return [checkNode(process.versions.node), checkCompiler(), checkPcapHeaders()];
}

export function checkNode(version: string): CheckResult {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > NODE_MIN.major || (major === NODE_MIN.major && minor >= NODE_MIN.minor);
  if (isEnough) return ok('node', `Node.js ${version}`);
  const floor = `${NODE_MIN.major}.${NODE_MIN.minor}`;
  return missing('node', `Node.js ${version}`, `install Node.js ${floor} or newer`);
}

function checkCompiler(): CheckResult {
  for (const command of ['g++', 'clang++']) {
    const version = outputOf(command, ['--version'])?.split('\n')[0];
    if (version) return ok('compiler', version);
  }
  const fix = 'apt-get install g++ make python3, then npm run build';
  return warn('compiler', 'no C++ compiler; only needed to build the native observer', fix);
}

function checkPcapHeaders(): CheckResult {
  const header = PCAP_HEADERS.find((path) => existsSync(path));
  if (header) return ok('libpcap', `headers in ${header}`);
  const fix = 'apt-get install libpcap-dev, then npm run build';
  return warn('libpcap', 'no libpcap headers; only needed to build, and for live capture', fix);
}
