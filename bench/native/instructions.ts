/**
 * Instructions by part of the packet path, counted by callgrind: unlike time they repeat. What is
 * inlined counts where its source is.
 */
import { spawnSync } from 'node:child_process';
import { scratchPath } from '../contenders.js';

/** Parts of the packet path, by the sources they are written in, below native/core. */
const PARTS: [part: string, sources: RegExp][] = [
  ['read', /^capture\//],
  ['checksums', /^decode\/checksum/],
  ['decode', /^(decode|base\/bytes)/],
  ['duplicates', /^observe\/duplicates/],
  ['SYN fingerprint', /^observe\/(syn_signature|signatures)/],
  ['marks and traits', /^observe\/(traits|scanner_marks|os_probes|trusted_port)/],
  ['payloads', /^observe\/payload/],
  ['conversations', /^observe\/flows/],
  ['source table', /^observe\/(source|light_source|contacts|address_set|member_filter)/],
  ['target table', /^observe\/targets/],
  ['sketches', /^observe\/sketches/],
  ['hashes and indexes', /^(base\/(hash|table)|observe\/address_index)/],
  ['who probes whom', /^(observe|pipeline)/],
  ['batches', /^batch\//],
];
const ELSEWHERE = 'C library and the rest';

export type Instructions = Record<string, number>;

/**
 * Of `command`, by part. Null without valgrind, or when it cannot run the program.
 */
export function countInstructions(command: readonly string[]): Instructions | null {
  const out = scratchPath('callgrind.out');
  const words = ['--tool=callgrind', `--callgrind-out-file=${out}`, ...command];
  if (spawnSync('valgrind', words, { stdio: 'ignore' }).status !== 0) return null;
  const listed = spawnSync('callgrind_annotate', ['--threshold=100', out], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  return listed.status === 0 ? sumByPart(listed.stdout) : null;
}

/** Adds up lines such as `1,234 ( 5.67%)  /x/native/core/observe/flows.h:picket::...`. */
export function sumByPart(listing: string): Instructions {
  const sums: Instructions = {};
  for (const [, count, file] of listing.matchAll(/^ *([\d,]+) \([ \d.]+%\) {2}(\S+?):\S/gm)) {
    const source = file.split('native/core/')[1];
    const part = PARTS.find(([, sources]) => source !== undefined && sources.test(source));
    const name = part?.[0] ?? ELSEWHERE;
    sums[name] = (sums[name] ?? 0) + Number(count.replaceAll(',', ''));
  }
  return sums;
}

/** The parts of `sums` in the order a packet meets them. */
export function inOrder(sums: Instructions): [part: string, count: number][] {
  const names = [...PARTS.map(([part]) => part), ELSEWHERE];
  return names.flatMap((name) => (sums[name] === undefined ? [] : [[name, sums[name]]]));
}
