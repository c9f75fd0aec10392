/** Target and port lists as an operator would have typed them. */
import { type AddressNumber, formatAddress, parseAddress } from './address.js';

export interface Cover {
  /** Networks and addresses, in address order, at most `COVER_PARTS_MAX`. */
  parts: string[];
  /** Addresses in `parts`. */
  size: number;
}

/** More parts than these are a list nobody typed: one covering network says it better. */
const COVER_PARTS_MAX = 4;
/** A network is named when this share of it was touched: a sweep cut short, or hosts left out. */
const NETWORK_SHARE_MIN = 0.5;

/**
 * The networks that `targets` fill for the most part. When there is no short list of such, one
 * network around all of them. Text that is no address is left out.
 */
export function coverTargets(targets: readonly string[]): Cover {
  const addresses = targets.map(parseAddress).filter((address) => address !== null);
  const parts: Network[] = [];
  for (const family of [4, 6] as const) {
    const values = addresses
      .filter((address) => address.family === family)
      .map(({ value }) => value);
    if (values.length > 0) parts.push(...coverFamily(family, values.sort(compareNumbers)));
  }
  const size = parts.reduce((sum, part) => sum + networkSize(part), 0);
  return { parts: parts.map(formatNetwork), size };
}

/** `22,80,443,8000-8010`. The ports are ordered and told once. */
export function portList(ports: number[]): { text: string; rangeCount: number } {
  const ordered = [...new Set(ports)].sort((left, right) => left - right);
  const ranges: string[] = [];
  for (let first = 0; first < ordered.length; ) {
    let last = first;
    while (ordered[last + 1] === ordered[last] + 1) last++;
    // Two neighbours read better apart: 80,81.
    if (last === first + 1) last = first;
    ranges.push(last === first ? `${ordered[first]}` : `${ordered[first]}-${ordered[last]}`);
    first = last + 1;
  }
  return { text: ranges.join(','), rangeCount: ranges.length };
}

type AddressValue = AddressNumber['value'];

interface Network extends AddressNumber {
  /** Host bits: a network holds 2^bits addresses. */
  bits: number;
}

function coverFamily(family: 4 | 6, ordered: AddressValue[]): Network[] {
  if (ordered.length <= COVER_PARTS_MAX)
    return ordered.map((value) => ({ family, value, bits: 0 }));
  const whole = around(family, ordered);
  const parts: Network[] = [];
  const pending = [ordered];
  // Each split takes the pending list's lowest part first, so `parts` stays in address order.
  while (pending.length > 0) {
    const values = pending.shift() as AddressValue[];
    const network = around(family, values);
    if (values.length >= networkSize(network) * NETWORK_SHARE_MIN) parts.push(network);
    else pending.unshift(...halves(network, values));
    if (parts.length + pending.length > COVER_PARTS_MAX) return [whole];
  }
  return parts;
}

/** The smallest network around ordered addresses. */
function around(family: 4 | 6, ordered: AddressValue[]): Network {
  const first = BigInt(ordered[0]);
  const differing = first ^ BigInt(ordered[ordered.length - 1]);
  const bits = differing === 0n ? 0 : differing.toString(2).length;
  return { family, value: (first >> BigInt(bits)) << BigInt(bits), bits };
}

/** Both halves of a network hold addresses, since it is the smallest around them. */
function halves({ value, bits }: Network, ordered: AddressValue[]): AddressValue[][] {
  const middle = BigInt(value) + (1n << BigInt(bits - 1));
  let split = 0;
  for (let end = ordered.length; split < end; ) {
    const between = (split + end) >>> 1;
    if (ordered[between] < middle) split = between + 1;
    else end = between;
  }
  return [ordered.slice(0, split), ordered.slice(split)];
}

function networkSize({ bits }: Network): number {
  return 2 ** bits;
}

function formatNetwork(network: Network): string {
  const address = formatAddress(network);
  return network.bits === 0
    ? address
    : `${address}/${(network.family === 4 ? 32 : 128) - network.bits}`;
}

function compareNumbers(left: AddressValue, right: AddressValue): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
