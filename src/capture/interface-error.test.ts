import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { interfaceError } from './interface-error.js';

/** One that every machine has, so that its absence is not what is reported. */
const present = Object.keys(networkInterfaces())[0] ?? 'any';

describe('interfaceError', () => {
  it.each([
    ['no-privileges', '', /needs? privileges|without privileges.*setcap cap_net_raw/],
    ['interface-down', 'it was taken down', /down.*ip link set .* up/],
    ['filter-invalid', 'syntax error', /filter.*syntax error.*pcap-filter/],
    ['link-type-unknown', 'link type 105', /link type 105/],
    ['not-built', '', /without libpcap.*libpcap-dev/],
    ['failed', 'out of sheep', /out of sheep.*picket doctor/],
  ] as const)('%s says what, where and what to do', (problem, reason, message) => {
    const error = interfaceError(present, problem, reason);
    expect(error.code).toBe('interface-unavailable');
    expect(error.exitStatus).toBe(2);
    expect(error.message).toMatch(message);
  });

  it('finds that there is no such interface, even where libpcap could not', () => {
    const { message } = interfaceError('nosuch0', 'no-privileges', 'Operation not permitted');
    expect(message).toMatch(/There is no interface nosuch0\. Choose one of: .*/);
  });
});
