/** `picket status`: how a fleet is doing, as a table. */
import type { KnownMember } from '../../transport/bullmq/members.js';
import {
  type FleetStatus,
  type PartitionStatus,
  readStatus,
} from '../../transport/bullmq/status.js';
import { CAPTURE } from '../../fleet/sensor-role.js';
import { lossesOf, lossText } from '../../output/losses.js';
import { safeText } from '../../shared/text.js';
import { print } from '../stdout.js';
import { configFor } from '../configuration.js';
import type { FleetFlags } from '../flags.js';
import { leaveFleet, openFleet } from './connect.js';

/** @throws PicketError for what is wrong before it begins. */
export async function status(flags: FleetFlags): Promise<number> {
  const { fleet } = openFleet('status', flags, configFor(flags));
  try {
    await fleet.visit();
    const now = await readStatus(fleet.client, fleet.keys, fleet.shards);
    print(flags.json ? `${JSON.stringify(now)}\n` : statusPage(now));
  } finally {
    leaveFleet(fleet);
  }
  return 0;
}

/** Alarms first, then partitions, then processes. */
export function statusPage(now: FleetStatus): string {
  const parts = [tableOf(PARTITION_HEAD, now.partitions.map(partitionRow))];
  parts.push(
    now.members.length === 0
      ? 'No process is running.'
      : tableOf(MEMBER_HEAD, now.members.map(memberRow)),
  );
  const watching = now.members.filter(({ stats }) => captureOf(stats).packets_per_s !== undefined);
  if (watching.length > 0) parts.push(tableOf(CAPTURE_HEAD, watching.map(captureRow)));
  const used = (now.redisUsedBytes / 2 ** 20).toFixed(1);
  parts.push(`Redis uses ${used} MiB; ${now.deadLetters} dead letters.`);
  const alarms = alarmsOf(now).map((alarm) => `! ${safeText(alarm, LINE_MAX)}`);
  if (alarms.length > 0) alarms.push('');
  return `${[...alarms, ...parts].join('\n')}\n`;
}

function alarmsOf({ partitions, members, deadLetters }: FleetStatus): string[] {
  const alarms: string[] = [];
  const orphans = partitions.filter(({ owner }) => owner === null).map(({ id }) => id);
  if (orphans.length > 0) alarms.push(`nobody holds ${orphans.join(', ')}`);
  for (const { id, stats } of members) {
    if ((stats.spool_dropped_batches ?? 0) > 0)
      alarms.push(`${id} has lost ${stats.spool_dropped_batches} batches: ${lossOf(stats)}`);
    const { loss_alarm: isLosing, lost_percent: lost } = captureOf(stats);
    if (isLosing === 1) alarms.push(`${id} keeps losing packets: ${lost} % lately`);
    for (const loss of lossesOf({ capture: captureOf(stats) }))
      alarms.push(`${id}: ${lossText(loss)}`);
    if ((stats.gaps ?? 0) > 0) alarms.push(`${id} went on without ${stats.gaps} missing batches`);
    if ((stats.snapshots_refused ?? 0) > 0)
      alarms.push(`${id} could not read ${stats.snapshots_refused} checkpoints and began anew`);
  }
  if (deadLetters > 0) alarms.push(`${deadLetters} batches could not be judged: dead letters`);
  return alarms;
}

/** A sensor's counters of its observer. */
function captureOf(stats: Record<string, number>): Record<string, number> {
  const own = Object.entries(stats).filter(([name]) => name.startsWith(CAPTURE));
  return Object.fromEntries(own.map(([name, count]) => [name.slice(CAPTURE.length), count]));
}

function lossOf(stats: Record<string, number>): string {
  return (stats.spool_disk_errors ?? 0) > 0
    ? 'its spool was full, or its disk'
    : 'its spool was full';
}

const LINE_MAX = 300;
const PARTITION_HEAD = ['shard', 'waiting', 'active', 'journal', 'checkpoint', 'held by'];

function partitionRow(one: PartitionStatus): string[] {
  const kib = `${(one.snapshotBytes / 1024).toFixed(1)} KiB`;
  const counts = [one.waiting, one.active, one.journalEntries].map(String);
  return [one.id, ...counts, kib, one.owner ?? '-'];
}

const MEMBER_HEAD = ['process', 'role', 'holds', 'items', 'lag', 'redelivered', 'spool', 'commit'];

function memberRow({ id, role, sensor, stats }: KnownMember): string[] {
  const commit = stats.groups ? `${(stats.commit_ms / stats.groups).toFixed(1)} ms` : '-';
  return [
    id,
    roleText(role, sensor),
    text(stats.leases_held),
    text(stats.items ?? stats.published_items),
    stats.lag_s === undefined ? '-' : `${stats.lag_s} s`,
    text(stats.redeliveries),
    stats.spool_bytes === undefined ? '-' : `${(stats.spool_bytes / 2 ** 20).toFixed(1)} MiB`,
    commit,
  ];
}

function roleText(role: string, sensor: string | undefined): string {
  if (sensor === undefined) return role;
  return role === 'sensor' ? `sensor ${sensor}` : `${role}, sensor ${sensor}`;
}

const CAPTURE_HEAD = [
  'capture of',
  'packets/s',
  'ns/packet',
  'lag',
  'ring',
  'lost',
  'kernel',
  'interface',
];

/** What capture cannot tell has a dash. Drops are since the sensor began, and 0 when not there. */
function captureRow({ id, stats }: KnownMember): string[] {
  const capture = captureOf(stats);
  const isUnknown = capture.lost_percent === undefined;
  const dropped = (name: string): string => (isUnknown ? '-' : text(capture[name] ?? 0));
  return [
    id,
    text(capture.packets_per_s),
    text(capture.busy_ns_per_packet),
    `${((capture.lag_us ?? 0) / 1000).toFixed(0)} ms`,
    capture.ring_used_percent === undefined ? '-' : `${capture.ring_used_percent} %`,
    isUnknown ? '-' : `${capture.lost_percent} %`,
    dropped('capture_kernel_dropped'),
    dropped('capture_interface_dropped'),
  ];
}

function text(count: number | undefined): string {
  return count === undefined ? '-' : String(count);
}

function tableOf(head: string[], rows: string[][]): string {
  // Names come from Redis, where anybody may have written them.
  const lines = [head, ...rows].map((cells) => cells.map((cell) => safeText(cell, LINE_MAX)));
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  return lines
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column])).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
