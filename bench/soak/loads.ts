/** What a soak puts on Picket: a wire when there is root, otherwise an endless capture. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { FLOOD_DEFAULTS } from '../../test/generate/flood.js';
import { MIXED_DEFAULTS, mixedCapture } from '../../test/generate/mixed.js';
import {
  Laboratory,
  LIVE_FIRST,
  OUTSIDE_ADDRESS,
  PROTECTED_NET,
} from '../../test/support/namespaces.js';
import { benchProgram, MAIN, scratchPath } from '../contenders.js';
import { Program } from '../live/process.js';
import { STREAM_SCANNER } from './stream.js';

/** Frames a second: enough to fill every table, little enough to leave the machine to others. */
const MIXED_RATE = 20_000;
const FLOOD_RATE = 20_000;
const PROBE_EVERY_S = 4;
const STATS_S = 5;

export interface Load {
  about: string;
  /** Who scans slowly inside it. */
  scanner: string;
  picket: Program;
  /** Everything else that runs; when one of them ends too early the soak is void. */
  senders: Program[];
  close(): void;
}

/** A replayed busy link, a spoofed flood and a real nmap, between two namespaces. Needs root. */
export async function openWire(minutes: number): Promise<Load> {
  const laboratory = new Laboratory();
  laboratory.open();
  try {
    const home = `${PROTECTED_NET},${MIXED_DEFAULTS.home},198.18.0.0/16`;
    const config = scratchPath('soak.yaml');
    writeFileSync(config, `outputs: { stats_interval_s: ${STATS_S} }\n`);
    const words = ['run', '-i', laboratory.insideInterface, '--home', home, '--json'];
    const options = ['--config', config, '--observer', 'native', '--stay-root'];
    const picket = new Program(laboratory.in(laboratory.inside, [MAIN, ...words, ...options]));
    await picket.until(({ stdout }) => stdout.includes('"event_type":"stats"'));
    const seconds = String(minutes * 60 + 60);
    const send = (frames: string, rate: number): Program => {
      const command = [benchProgram('live_sender'), laboratory.outsideInterface, frames];
      const bounded = [...command, String(rate), seconds];
      return new Program(laboratory.in(laboratory.outside, bounded));
    };
    const timing = ['--max-retries', '0', '--scan-delay', `${PROBE_EVERY_S}s`, '-p', '1-20000'];
    const nmap = ['nmap', '-n', '-Pn', '-sS', ...timing, `198.51.100.${LIVE_FIRST}`];
    const senders = [
      send(mixedCapture(), MIXED_RATE),
      send('flood', FLOOD_RATE),
      new Program(laboratory.in(laboratory.outside, nmap)),
    ];
    return {
      about:
        `live over a veth pair: ${MIXED_RATE} packets a second of a busy link,\n${FLOOD_RATE} ` +
        'SYNs a second from 16 million spoofed sources in turn, and a real\n' +
        `nmap that sends a probe every ${PROBE_EVERY_S} s`,
      scanner: OUTSIDE_ADDRESS,
      ...{ picket, senders, close: () => laboratory.close() },
    };
  } catch (error) {
    laboratory.close();
    throw error;
  }
}

/** The same as a capture without end on standard input, as fast as it is taken. */
export function openStream(): Load {
  const pipe = scratchPath('soak.pcap');
  const made = spawnSync('mkfifo', [pipe], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`mkfifo ${pipe}: ${made.stderr}`);
  const words = ['read', '-', '--home', FLOOD_DEFAULTS.home, '--json', '--observer', 'native'];
  const quoted = [MAIN, ...words].map((word) => `'${word}'`).join(' ');
  const picket = new Program(['sh', '-c', `exec ${quoted} < '${pipe}'`]);
  const sender = new Program(['node_modules/.bin/tsx', 'bench/soak/stream-process.ts', pipe]);
  return {
    about:
      'an endless capture on standard input, a second of a busy link and a second of a spoofed\n' +
      'flood in turn at 50,000 packets a second of packet time, a probe every ten of its seconds',
    scanner: STREAM_SCANNER,
    ...{ picket, senders: [sender], close: () => {} },
  };
}
