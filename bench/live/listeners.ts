/** Who listens at the end of the wire, how each is started, and where each says what it counted. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchProgram, compileC, MAIN, missing, scratchPath } from '../contenders.js';
import type { Program } from './process.js';

/** Of the kernel's ring, the same for everybody. */
export const RING_MIB = 64;
/** Bytes kept of a packet, as Picket's default. */
const SNAP_LENGTH = 2048;
/** Slots of Suricata's ring, of about 1,600 bytes each. */
const SURICATA_SLOTS = Math.floor((RING_MIB * 2 ** 20) / 1600);

/** `dropped` is the listener's own word for what its ring had no room for. */
export interface Heard {
  received: number;
  dropped: number;
  /** Picket: what it measured of itself, at most, over the seconds of the run. */
  nsPerPacket?: number;
  lagMs?: number;
  /** What is wrong with what it said. */
  problems: string[];
}

export interface Listener {
  name: string;
  role: 'product' | 'limit' | 'peer';
  about: string;
  unavailable(): string | null;
  command(interfaceName: string, home: string): string[];
  isReady(program: Program): boolean;
  /** After its end. */
  heard(program: Program, scanner: string): Heard;
}

const count = (text: string, form: RegExp): number => Number(form.exec(text)?.[1] ?? Number.NaN);

export const RING_LOOP: Listener = {
  name: 'bare ring loop',
  role: 'limit',
  about: 'counts the packets of a TPACKET_V3 ring, one thread (native/bench/ring_loop.c)',
  unavailable: () => compileC('ring_loop'),
  command: (name) => [benchProgram('ring_loop'), name, String(RING_MIB)],
  isReady: ({ stderr }) => stderr.includes('ready'),
  heard({ stdout }) {
    const { packets, dropped } = JSON.parse(stdout);
    return { received: packets, dropped, problems: [] };
  },
};

export const PICKET_LIVE: Listener = {
  name: 'picket native',
  role: 'product',
  about: 'picket run with one ring: from the wire to findings, C++ observer',
  unavailable: () => (existsSync(MAIN) ? null : 'not built'),
  command(name, home) {
    const config = scratchPath('live.yaml');
    writeFileSync(
      config,
      `outputs: { stats_interval_s: 1 }\ncapture: { buffer_mib: ${RING_MIB} }\n`,
    );
    const words = ['run', '-i', name, '--home', home, '--json', '--config', config];
    return [MAIN, ...words, '--observer', 'native', '--stay-root'];
  },
  isReady: ({ stdout }) => stdout.includes('"event_type":"stats"'),
  heard({ stdout }, scanner) {
    const events = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const captures = events
      .filter((event) => event.event_type === 'stats')
      .map((event) => event.stats.capture);
    const last = captures.at(-1);
    const most = (name: string): number => Math.max(...captures.map((one) => one[name] ?? 0));
    const isFound = events.some(
      ({ src_ip: source, finding }) => source === scanner && finding?.kind === 'address_scan',
    );
    return {
      received: last.frames,
      dropped: last.dropped,
      nsPerPacket: Math.round((last.busy_us * 1000) / Math.max(1, last.frames)),
      lagMs: most('lag_us') / 1000,
      problems: isFound ? [] : [`no address_scan from ${scanner}`],
    };
  },
};

export const TCPDUMP_LIVE: Listener = {
  name: 'tcpdump',
  role: 'peer',
  about: 'tcpdump -w /dev/null: copies every packet, looks at none',
  unavailable: () => missing('tcpdump'),
  command: (name) => [
    ...['tcpdump', '-i', name, '-n', '-s', String(SNAP_LENGTH)],
    ...['-B', String(RING_MIB * 1024), '-w', '/dev/null'],
  ],
  isReady: ({ stderr }) => stderr.includes('listening on'),
  heard: ({ stderr }) => ({
    received: count(stderr, /(\d+) packets? captured/),
    dropped: count(stderr, /(\d+) packets? dropped by kernel/),
    problems: [],
  }),
};

const suricataFolder = (): string => scratchPath('suricata-live');

export const SURICATA_LIVE: Listener = {
  name: 'suricata',
  role: 'peer',
  about: `suricata --af-packet as it is installed, with a ring of ${RING_MIB} MiB`,
  unavailable: () => missing('suricata'),
  command(name) {
    rmSync(suricataFolder(), { recursive: true, force: true });
    mkdirSync(suricataFolder(), { recursive: true });
    const settings = [`interface=${name}`, 'tpacket-v3=yes', `ring-size=${SURICATA_SLOTS}`];
    const words = settings.flatMap((setting) => ['--set', `af-packet.0.${setting}`]);
    return ['suricata', `--af-packet=${name}`, '-l', suricataFolder(), ...words];
  },
  isReady: ({ stdout, stderr }) => /Engine started/.test(stdout + stderr),
  heard() {
    const text = readFileSync(join(suricataFolder(), 'eve.json'), 'utf8');
    const lines = text.split('\n').filter((line) => line.includes('"event_type":"stats"'));
    const { capture, decoder } = JSON.parse(lines.at(-1) ?? '').stats;
    return { received: decoder.pkts, dropped: capture.kernel_drops, problems: [] };
  },
};

export const LISTENERS: readonly Listener[] = [
  ...[RING_LOOP, PICKET_LIVE, TCPDUMP_LIVE, SURICATA_LIVE],
];
