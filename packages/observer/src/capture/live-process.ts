/**
 * The process that captures through `cap` and writes parcels (`live-stream.ts`) to standard output.
 * A process of its own, because `cap` belongs to the main thread's loop, does not return to it
 * while packets keep coming, and aborts when the interface goes down.
 * Arguments: interface, buffer size in bytes, filter, the account to become (JSON) or nothing.
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { LinkType } from '../base/link-types.js';
import { type Account, becomeAccount } from './account.js';
import { ParcelWriter } from './live-stream.js';

/** `cap` sets libpcap's snap length to this and cannot be told otherwise. */
const FRAME_SIZE_MAX = 65_535;
const FLUSH_MS = 100;
/** A step of the clock larger than this is followed; smaller ones are jitter of the two clocks. */
const CLOCK_STEP_MS = 50;
const STANDARD_OUTPUT = 1;

/** What `open` of `cap` calls the link types that it knows. */
const LINK_TYPES: { [name: string]: number } = {
  NULL: LinkType.null,
  ETHERNET: LinkType.ethernet,
  LINKTYPE_LINUX_SLL: LinkType.linuxSll,
  RAW: LinkType.raw,
};

interface CapModule {
  Cap: new () => {
    open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
    on(event: 'packet', listener: (size: number, truncated: boolean) => void): void;
  };
}

/** Microseconds since 1970 that never go back unless the clock was set. */
class Clock {
  #originMs = performance.timeOrigin;

  nowUs(): number {
    return Math.floor((this.#originMs + performance.now()) * 1000);
  }

  follow(): void {
    const originMs = Date.now() - performance.now();
    if (Math.abs(originMs - this.#originMs) > CLOCK_STEP_MS) this.#originMs = originMs;
  }
}

/** Standard output is a pipe that blocks: a slow reader slows the capture, and the kernel drops. */
function write(parcel: Uint8Array): void {
  try {
    for (let at = 0; at < parcel.length; ) at += writeSync(STANDARD_OUTPUT, parcel, at);
  } catch {
    process.exit(0); // The reader is gone.
  }
}

function main([device = '', bufferSize = '', filter = '', account = '']: string[]): void {
  // Ctrl-C reaches the whole group; the reader decides when this process ends.
  process.on('SIGINT', () => {});
  const { Cap } = createRequire(import.meta.url)('cap') as CapModule;
  const cap = new Cap();
  const buffer = Buffer.alloc(FRAME_SIZE_MAX);
  const name = cap.open(device, filter, Number(bufferSize), buffer);
  const linkType = LINK_TYPES[name];
  if (linkType === undefined) throw new Error(name);
  if (account !== '') becomeAccount(JSON.parse(account) as Account);
  const clock = new Clock();
  const writer = new ParcelWriter(linkType, FRAME_SIZE_MAX, write);
  cap.on('packet', (size) => writer.frame(buffer.subarray(0, size), clock.nowUs()));
  setInterval(() => {
    clock.follow();
    writer.flush(clock.nowUs());
  }, FLUSH_MS);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
