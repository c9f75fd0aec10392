/** What is read and which networks are protected, from the configuration of a run. */
import type { Input } from '../capture/contract.js';
import { RELIEF_SILENT_S, withRelief } from '../capture/relief.js';
import type { PicketConfig } from '../config/schema.js';
import { PicketError } from '../shared/errors.js';
import { defaultHomeNets } from './home.js';
import { accountToBecome } from './privileges.js';

const BYTES_PER_MIB = 1024 * 1024;

/**
 * @throws PicketError `usage` when no interface is named, `privileges-kept` when root cannot be
 * given up.
 */
export function liveInput(config: PicketConfig): Input & { kind: 'interface' } {
  const { capture } = config;
  if (capture.interface === undefined) {
    throw new PicketError(
      'usage',
      'Which interface? Name it with -i eth0 or as capture.interface.',
    );
  }
  const account = accountToBecome(config);
  const { home_nets } = liveConfig(config, capture.interface);
  const filter = capture.relief ? withRelief(capture.filter, home_nets) : capture.filter;
  return {
    kind: 'interface',
    name: capture.interface,
    snapLength: capture.snap_length,
    bufferSize: capture.buffer_mib * BYTES_PER_MIB,
    promiscuous: capture.promiscuous,
    rings: capture.rings,
    ...(filter !== '' && { filter }),
    ...(capture.filter !== '' && { hasOwnFilter: true }),
    ...(capture.relief && { hasRelief: true }),
    ...(account !== null && { becomes: account }),
  };
}

/**
 * Live, the private networks stand in when none is named, and relief keeps a host that sends in
 * bulk from being heard at once.
 */
export function liveConfig(config: PicketConfig, interfaceName: string): PicketConfig {
  const { capture, home_nets, silent_after_s } = config;
  return {
    ...config,
    home_nets: home_nets.length > 0 ? home_nets : defaultHomeNets(interfaceName),
    silent_after_s: Math.max(silent_after_s, capture.relief ? RELIEF_SILENT_S : 0),
  };
}

/**
 * Without the protected networks nobody can say who is outside.
 * @throws PicketError `usage`
 */
export function requireHome(config: PicketConfig): void {
  if (config.home_nets.length > 0) return;
  throw new PicketError(
    'usage',
    'Which networks are protected? Name them with --home 198.51.100.0/24,2001:db8::/32 ' +
      'or as home_nets in picket.yaml.',
  );
}
