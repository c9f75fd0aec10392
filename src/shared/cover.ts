/** Target and port lists as an operator would have typed them. */
import { type AddressNumber, formatAddress, parseAddress } from './address.js';

export interface Cover {
  /** Networks and addresses, in address order, at most `COVER_PARTS_MAX`. */
  parts: string[];
  /** Share of the addresses in `parts` that were touched, 0 to 1. */
  share: number;
}

/** More parts than these are a list nobody typed: one covering network says it better. */
const COVER_PARTS_MAX = 4;
/** A network is named when this share of it was touched: a sweep cut short, or hosts left out. */
const NETWORK_SHARE_MIN = 0.5;

/**
 * The networks that `targets` fill for the most part. When there is no short list of such, one
 * network around all of them, with the share that was touched. Text that is no address is left out.
 * @param hostCount how many hosts there were, when `targets` is only a part of them
 */
export function coverTargets(targets: string[], hostCount = targets.length): Cover {
  const addresses = targets.map(parseAddress).filter((address) => address !== null);
  const parts: Network[] = [];
  for (const family of [4, 6] as const) {
    const values = addresses
      .filter((address) => address.family === family)
      .map(({ value }) => value);
    if (values.length > 0) parts.push(...coverFamily(family, values.sort(compareBigints)));
  }
  const size = parts.reduce((sum, part) => sum + networkSize(part), 0);
  const listed = Math.max(addresses.length, hostCount);
  return { parts: parts.map(formatNetwork), share: size === 0 ? 0 : Math.min(1, listed / size) };
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

interface Network extends AddressNumber {
  /** Host bits: a network holds 2^bits addresses. */
  bits: number;
}

function coverFamily(family: 4 | 6, ordered: bigint[]): Network[] {
  if (ordered.length <= COVER_PARTS_MAX)
    return ordered.map((value) => ({ family, value, bits: 0 }));
  const whole = around(family, ordered);
  const parts: Network[] = [];
  const pending = [ordered];
  // Each split takes the pending list's lowest part first, so `parts` stays in address order.
  while (pending.length > 0) {
    const values = pending.shift() as bigint[];
    const network = around(family, values);
    if (values.length >= networkSize(network) * NETWORK_SHARE_MIN) parts.push(network);
    else pending.unshift(...halves(network, values));
    if (parts.length + pending.length > COVER_PARTS_MAX) return [whole];
  }
  return parts;
}

/** The smallest network around ordered addresses. */
function around(family: 4 | 6, ordered: bigint[]): Network {
  const first = ordered[0];
  const differing = first ^ ordered[ordered.length - 1];
  const bits = differing === 0n ? 0 : differing.toString(2).length;
  return { family, value: (first >> BigInt(bits)) << BigInt(bits), bits };
}

/** Both halves of a network hold addresses, since it is the smallest around them. */
function halves({ value, bits }: Network, ordered: bigint[]): bigint[][] {
  const middle = value + (1n << BigInt(bits - 1));
  const split = ordered.findIndex((address) => address >= middle);
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

function compareBigints(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
