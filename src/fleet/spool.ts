/**
 * Batches on disk while Redis is slow or away: a queue of files of one folder, bounded, oldest out
 * first. A record is `[size u32][shard u16][zero u16][bytes]`, little-endian. What a killed sensor
 * left is read by its next run.
 */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

export interface SpoolRecord {
  shard: number;
  bytes: Uint8Array;
}

export interface SpoolStats {
  spool_bytes: number;
  spool_batches: number;
  /** Cumulative: went through the spool, and was given up since it was full or unreadable. */
  spool_spooled_batches: number;
  spool_dropped_batches: number;
  spool_dropped_bytes: number;
}

interface Segment {
  path: string;
  size: number;
  records: number;
  /** Records at its beginning that have been taken. */
  taken: number;
}

const HEADER_SIZE = 8;
const SEGMENT_SIZE = 4 * 1024 * 1024;
const RECORD_SIZE_MAX = 64 * 1024 * 1024;
const NAME = /^(\d{12})\.spool$/;

export class Spool {
  readonly #segments: Segment[] = [];
  /** In the middle, so that there is room in front. */
  #next = 500_000_000_000;
  /** Records of the oldest segment, while they are being taken. */
  #reading: SpoolRecord[] | null = null;
  readonly #counters = {
    spool_spooled_batches: 0,
    spool_dropped_batches: 0,
    spool_dropped_bytes: 0,
  };

  /** @throws Error when the folder cannot be made or read. */
  constructor(
    readonly folder: string,
    readonly sizeMax: number,
  ) {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder).sort()) {
      const number = NAME.exec(name)?.[1];
      if (number === undefined) continue;
      const path = join(folder, name);
      const { records } = readSegment(path);
      this.#segments.push({ path, size: statSync(path).size, records: records.length, taken: 0 });
      this.#next = Math.max(this.#next, Number(number) + 1);
    }
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  /** Appends; gives up the oldest when there is no room. */
  push(shard: number, bytes: Uint8Array): void {
    const record = recordOf(shard, bytes);
    if (record.length > this.sizeMax) {
      this.#drop(1, bytes.length);
      return;
    }
    while (this.#size() + record.length > this.sizeMax) this.#dropOldest();
    const last = this.#segments[this.#segments.length - 1];
    // The segment being read is not written to: its records have been taken into memory.
    const isFull = last === undefined || last.size + record.length > this.#segmentSize();
    const isBeingRead = this.#reading !== null && this.#segments.length === 1;
    const into = isFull || isBeingRead ? this.#newSegment() : last;
    appendFileSync(into.path, record);
    into.size += record.length;
    into.records++;
    this.#counters.spool_spooled_batches++;
  }

  /** The oldest records of one file, at most `max`, which stay until `shift`. None when empty. */
  peek(max: number): SpoolRecord[] {
    for (;;) {
      const [oldest] = this.#segments;
      if (oldest === undefined) return [];
      if (this.#reading === null) {
        const { records, lost } = readSegment(oldest.path);
        if (lost > 0) this.#drop(0, lost);
        this.#reading = records;
      }
      const records = this.#reading.slice(oldest.taken, oldest.taken + max);
      if (records.length > 0) return records;
      this.#remove(oldest);
    }
  }

  /** Forgets the oldest records: they are in Redis. Their file goes when all of it is. */
  shift(count: number): void {
    const [oldest] = this.#segments;
    if (oldest === undefined) return;
    oldest.taken += count;
    if (oldest.taken >= oldest.records) this.#remove(oldest);
  }

  /** Puts what came before all that is here in front of it. */
  pushFront(records: readonly SpoolRecord[]): void {
    if (records.length === 0) return;
    const all = [...this.#segments];
    const [oldest] = all;
    const number = oldest ? Number(NAME.exec(basename(oldest.path))?.[1]) - 1 : this.#next++;
    this.#segments.length = 0;
    this.#reading = null;
    const segment = this.#newSegment(number);
    const bytes = Buffer.concat(records.map(({ shard, bytes }) => recordOf(shard, bytes)));
    writeFileSync(segment.path, bytes);
    Object.assign(segment, { size: bytes.length, records: records.length });
    this.#segments.push(...all);
    this.#counters.spool_spooled_batches += records.length;
    while (this.#size() > this.sizeMax) this.#dropOldest();
  }

  stats(): SpoolStats {
    return {
      spool_bytes: this.#size(),
      spool_batches: this.#segments.reduce((sum, { records, taken }) => sum + records - taken, 0),
      ...this.#counters,
    };
  }

  #size(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  #segmentSize(): number {
    return Math.min(SEGMENT_SIZE, Math.ceil(this.sizeMax / 4));
  }

  #newSegment(number = this.#next++): Segment {
    const name = `${String(number).padStart(12, '0')}.spool`;
    const segment = { path: join(this.folder, name), size: 0, records: 0, taken: 0 };
    writeFileSync(segment.path, '');
    this.#segments.push(segment);
    return segment;
  }

  #dropOldest(): void {
    const [oldest] = this.#segments;
    if (oldest === undefined) return;
    this.#drop(oldest.records - oldest.taken, oldest.size);
    this.#remove(oldest);
  }

  #drop(batches: number, bytes: number): void {
    this.#counters.spool_dropped_batches += batches;
    this.#counters.spool_dropped_bytes += bytes;
  }

  #remove(segment: Segment): void {
    rmSync(segment.path, { force: true });
    this.#segments.shift();
    this.#reading = null;
  }
}

function recordOf(shard: number, bytes: Uint8Array): Buffer {
  const record = Buffer.alloc(HEADER_SIZE + bytes.length);
  record.writeUInt32LE(bytes.length, 0);
  record.writeUInt16LE(shard, 4);
  record.set(bytes, HEADER_SIZE);
  return record;
}

/** Whole records; `lost` bytes at the end are of one that was cut when the process was killed. */
function readSegment(path: string): { records: SpoolRecord[]; lost: number } {
  const bytes = readFileSync(path);
  const records: SpoolRecord[] = [];
  let at = 0;
  while (at + HEADER_SIZE <= bytes.length) {
    const size = bytes.readUInt32LE(at);
    const end = at + HEADER_SIZE + size;
    if (size > RECORD_SIZE_MAX || end > bytes.length) break;
    const record = Uint8Array.from(bytes.subarray(at + HEADER_SIZE, end));
    records.push({ shard: bytes.readUInt16LE(at + 4), bytes: record });
    at = end;
  }
  return { records, lost: bytes.length - at };
}
