import { existsSync, readdirSync } from 'node:fs';
import type { LiveProblem } from '../../packages/observer/src/capture/live-source.js';
import { PicketError } from '../shared/errors.js';

const INTERFACES = '/sys/class/net';
/** Lets whoever runs this node watch interfaces. */
export const GRANT = `setcap cap_net_raw+ep ${process.execPath}`;
const FILTER_HELP = 'It is written as for tcpdump; see pcap-filter(7).';
const BUILD_HELP = 'Install libpcap-dev, then run npm ci && npm run build, or read a capture file.';

/** The error for an interface that cannot be watched, or no longer; `reason` is libpcap's. */
export function interfaceError(name: string, problem: LiveProblem, reason: string): PicketError {
  const message = messageOf(name, isMissing(name) ? 'no-such-interface' : problem, reason);
  return new PicketError('interface-unavailable', message);
}

/** Without privileges libpcap cannot tell that there is no such interface; Linux can. */
function isMissing(name: string): boolean {
  return existsSync(INTERFACES) && name !== 'any' && !existsSync(`${INTERFACES}/${name}`);
}

function messageOf(name: string, problem: LiveProblem, reason: string): string {
  const why = reason || 'the addon was built without libpcap';
  switch (problem) {
    case 'no-such-interface':
      return `There is no interface ${name}. ${knownInterfaces()}`;
    case 'no-privileges':
      return `${name} cannot be watched without privileges. Run as root, or: sudo ${GRANT}`;
    case 'interface-down':
      return `${name} is down or gone (${reason}). Bring it up: sudo ip link set ${name} up`;
    case 'filter-invalid':
      return `The capture filter is wrong: ${reason}. ${FILTER_HELP}`;
    case 'link-type-unknown':
      return `${name} has frames that Picket does not read (${reason}). Watch another interface.`;
    case 'not-built':
      return `${name} cannot be watched: ${why}. ${BUILD_HELP}`;
    case 'failed':
      return `${name} cannot be watched: ${reason}. picket doctor -i ${name} may tell why.`;
  }
}

function knownInterfaces(): string {
  try {
    return `Choose one of: ${readdirSync(INTERFACES).sort().join(', ')}.`;
  } catch {
    return 'See the list with: ip link';
  }
}
