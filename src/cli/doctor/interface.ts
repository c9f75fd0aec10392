/** Whether an interface is there, and whether its offloads falsify what is seen. */
import { networkInterfaces } from 'node:os';
import { type CheckResult, missing, ok, outputOf, readText, warn } from './check.js';

/** IFF_UP, linux/if.h. */
const IFF_UP = 1;
/** Offloads that make the sensor see packets that were never on the wire, by ethtool's names. */
const OFFLOADS: Record<string, { letter: string; harm: string }> = {
  'generic-receive-offload': { letter: 'gro', harm: 'merges packets before they are seen' },
  'large-receive-offload': { letter: 'lro', harm: 'merges packets before they are seen' },
  'tcp-segmentation-offload': { letter: 'tso', harm: 'shows own packets before they are split' },
  'tx-checksumming': { letter: 'tx', harm: 'shows own packets without their checksum' },
};

export function checkInterface(name: string): CheckResult[] {
  const flags = readText(`/sys/class/net/${name}/flags`);
  if (name.includes('/') || flags === null) {
    const known = Object.keys(networkInterfaces()).join(', ') || 'none';
    return [missing('interface', `${name} does not exist`, `choose one of: ${known}`)];
  }
  const isUp = (Number(flags) & IFF_UP) !== 0;
  const state = isUp
    ? ok('interface', `${name} is up`)
    : missing('interface', `${name} is down`, `ip link set ${name} up`);
  return [state, checkOffloads(name, outputOf('ethtool', ['-k', name]))];
}

/** `features` is the output of `ethtool -k`, or null without ethtool. */
export function checkOffloads(name: string, features: string | null): CheckResult {
  if (features === null) {
    return warn('offload', `settings of ${name} are unknown`, 'apt-get install ethtool');
  }
  const active = Object.entries(OFFLOADS).filter(([feature]) =>
    new RegExp(`^${feature}: on`, 'm').test(features),
  );
  if (active.length === 0) return ok('offload', 'none that falsifies packets');
  const harms = active.map(([, { letter, harm }]) => `${letter} ${harm}`).join('; ');
  const settings = active.map(([, { letter }]) => `${letter} off`).join(' ');
  return warn('offload', harms, `ethtool -K ${name} ${settings}`);
}
