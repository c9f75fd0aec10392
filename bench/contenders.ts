/**
 * Who runs in a trial: Picket in its variants, the limit, and other programs that read captures.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Contender {
  name: string;
  /**
   * `product` answers are checked; the `limit` is what ratios are taken to; a `peer` stands beside.
   */
  role: 'product' | 'limit' | 'peer';
  about: string;
  /**
   * Why it cannot run on this machine, or null. Prepares what it needs (compiles, writes a file).
   */
  unavailable(): string | null;
  command(capture: string, home: string): string[];
}

const scratch = mkdtempSync(join(tmpdir(), 'picket-bench-'));
export const scratchPath = (name: string): string => join(scratch, name);

/** Run as the command, so with what its first line gives node. */
export const MAIN = resolve('dist/src/main.js');
const ADDON = 'native/build/Release/picket.node';

function picket(observer: 'native' | 'typescript', about: string): Contender {
  return {
    name: `picket ${observer}`,
    role: 'product',
    about,
    unavailable() {
      if (!existsSync(MAIN)) return 'not built';
      return observer === 'native' && !existsSync(ADDON) ? 'the addon is not built' : null;
    },
    command: (capture, home) => [
      ...[MAIN, 'read', capture, '--home', home, '--json', '--observer', observer],
    ],
  };
}

export const PICKET_NATIVE = picket('native', 'file to findings, C++ observer');
export const PICKET_TYPESCRIPT = picket('typescript', 'file to findings, TypeScript observer');

/** Compiles one C program of native/bench; returns why not, or null. */
export function compileC(name: string, words: string[] = []): string | null {
  return compile('cc', benchProgram(name), [`native/bench/${name}.c`], words);
}

export const benchProgram = (name: string): string => resolve('native/out/bench', name);

/**
 * Compiles sources to native/out/bench when one, or one of `headers`, is newer; returns why not, or
 * null.
 */
export function compile(
  compiler: string,
  binary: string,
  sources: readonly string[],
  words: readonly string[],
  headers: readonly string[] = [],
): string | null {
  const isFresh = (source: string): boolean => statSync(binary).mtimeMs >= statSync(source).mtimeMs;
  if (existsSync(binary) && [...sources, ...headers].every(isFresh)) return null;
  mkdirSync('native/out/bench', { recursive: true });
  const flags = ['-O2', '-o', binary, ...sources, ...words];
  const run = spawnSync(compiler, flags, { encoding: 'utf8' });
  if (run.error) return 'no compiler';
  return run.status === 0 ? null : 'does not compile: libpcap headers missing?';
}

const PCAP_LOOP = benchProgram('pcap_loop');
export const LIBPCAP_LOOP: Contender = {
  name: 'libpcap loop',
  role: 'limit',
  about: 'pcap_next_ex over the file, counting packets (native/bench/pcap_loop.c)',
  unavailable: () => compileC('pcap_loop', ['-lpcap']),
  command: (capture) => [PCAP_LOOP, capture],
};

const READER_LOOP = 'native/out/bench/reader_loop';
const READER_SOURCES = ['file_source', 'parser', 'pcap', 'pcapng'].map(
  (name) => `native/core/capture/${name}.cc`,
);
export const READER_ONLY: Contender = {
  name: 'own reader only',
  role: 'peer',
  about: "the project's file reader, counting packets (native/bench/reader_loop.cc)",
  unavailable: () => {
    const sources = ['native/bench/reader_loop.cc', ...READER_SOURCES];
    return compile('c++', READER_LOOP, sources, ['-std=c++20', '-Inative/core']);
  },
  command: (capture) => [READER_LOOP, capture],
};

export function missing(program: string): string | null {
  const run = spawnSync('which', [program], { encoding: 'utf8' });
  return run.status === 0 ? null : 'not installed';
}

export const TCPDUMP: Contender = {
  name: 'tcpdump',
  role: 'peer',
  about: 'tcpdump -r FILE -w /dev/null: reads and writes, looks at nothing',
  unavailable: () => missing('tcpdump'),
  command: (capture) => ['tcpdump', '-r', capture, '-w', '/dev/null'],
};

export const SURICATA: Contender = {
  name: 'suricata',
  role: 'peer',
  about: 'suricata -r FILE with the rules it is installed with, start-up included',
  unavailable: () => missing('suricata'),
  command(capture) {
    mkdirSync(scratchPath('suricata'), { recursive: true });
    return ['suricata', '-r', capture, '-l', scratchPath('suricata')];
  },
};
