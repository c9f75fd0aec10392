/** Answers to commands, for people. Everything in them comes from Redis: `safeText` first. */
import type { AnswerTo, DumpAnswer } from '../../fleet/command-answers.js';
import type { Sighting } from '../../fleet/sightings.js';
import { portList } from '../../shared/cover.js';
import { formatCount, plural, safeText } from '../../shared/text.js';
import { formatDuration } from '../../shared/time.js';
import type { Verb } from '../../transport/bullmq/command-message.js';

const PORTS_WIDTH_MAX = 60;
const SERVICES_MAX = 4;
const LINE_MAX = 300;

type Pages = { [V in Verb]: (name: string, answer: AnswerTo<V>) => string[] };

/** Lines without their ends. */
const PAGES: Pages = {
  report: (name, { role, host, pid, version, uptime_s, sections }) => {
    const up = formatDuration(uptime_s * 1e6);
    const lines = [`${name}: ${role}, Picket ${version} on ${host}, process ${pid}, up ${up}`];
    for (const [section, counters] of Object.entries(sections)) {
      const told = Object.entries(counters).filter(([, count]) => count !== 0);
      if (told.length > 0) lines.push(`  ${section}`);
      const width = Math.max(...told.map(([counter]) => counter.length));
      for (const [counter, count] of told)
        lines.push(`    ${counter.padEnd(width)}  ${countText(count)}`);
    }
    return lines;
  },
  watch: (name, { source, ...watch }) => [`${name}: ${source}: ${watchText(watch)}`],
  dump: (name, answer) => [dumpHead(name, answer), ...[...answer.seen].reverse().map(sightingLine)],
  reload: (name, { file, applied, allowlist, needs_restart }) => {
    const from = file ?? 'no file, only defaults and flags';
    const lines = [`${name}: read ${from}; ${applied.join(', ') || 'nothing'} changed at once`];
    const { entries, added, removed, is_used } = allowlist;
    const use = is_used ? '' : '; not looked at here, but by correlators';
    lines.push(
      `  allowlist: ${plural(entries, 'entry', 'entries')}, ${added} new, ${removed} gone${use}`,
    );
    if (needs_restart.length > 0)
      lines.push(`  not in force before a restart: ${needs_restart.join(', ')}`);
    return lines;
  },
};

export function answerPage<V extends Verb>(verb: V, name: string, answer: AnswerTo<V>): string {
  return PAGES[verb](name, answer)
    .map((line) => `${safeText(line, LINE_MAX)}\n`)
    .join('');
}

/** `2026-11-24 03:25:42  syn 120  64 targets  ports 22,80,443  open 198.51.100.7:22`. */
export function sightingLine(sighting: Sighting): string {
  const { first_seen, probes, targets, exact, contacts, contacts_left_out } = sighting;
  const sent = Object.entries(probes).map(([probe, count]) => `${probe} ${formatCount(count)}`);
  const ports = portList(contacts.map(({ port }) => port)).text;
  const open = contacts.filter(({ outcomes }) => outcomes.includes('open'));
  const services = open.slice(0, SERVICES_MAX).map(({ dest_ip, port }) => `${dest_ip} ${port}`);
  const more = open.length > SERVICES_MAX ? ` and ${open.length - SERVICES_MAX} more` : '';
  const parts = [
    first_seen.slice(0, 19).replace('T', ' '),
    sent.join(', ') || 'no probe',
    `${plural(targets, 'target')}${exact ? '' : ' or more'}`,
    ports === '' ? '' : `ports ${safeText(ports, PORTS_WIDTH_MAX)}`,
    services.length > 0 ? `open ${services.join(', ')}${more}` : '',
    contacts_left_out > 0 ? `${plural(contacts_left_out, 'contact')} not listed` : '',
  ];
  return `  ${parts.filter((part) => part !== '').join('  ')}`;
}

function dumpHead(name: string, { source, recent, watch, seen, left_out }: DumpAnswer): string {
  const searched = `${plural(recent.batches, 'batch', 'batches')} kept`;
  const gone = recent.evicted > 0 ? ` (${formatCount(recent.evicted)} older ones are gone)` : '';
  const found =
    seen.length === 0 ? 'nothing of it' : `it in ${plural(seen.length, 'epoch', 'epochs')}`;
  const more = left_out > 0 ? `, and ${formatCount(left_out)} earlier ones not told` : '';
  const watched = watch === null ? '' : `; ${watchText(watch)}`;
  return `${name}: ${source}: ${found}${more}, in ${searched}${gone}${watched}`;
}

function watchText({ until, is_over, kept, evicted }: NonNullable<DumpAnswer['watch']>): string {
  const when = `${until.slice(0, 19).replace('T', ' ')} UTC`;
  const state = is_over ? `watched until ${when}` : `watching until ${when}`;
  const gone = evicted > 0 ? `, ${formatCount(evicted)} older ones gone` : '';
  return `${state}, ${plural(kept, 'epoch')} kept apart${gone}`;
}

function countText(count: number): string {
  return Number.isInteger(count) ? formatCount(count) : count.toFixed(1);
}
