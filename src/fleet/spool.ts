/**
 * Batches on disk while Redis is slow or away: a queue of files of one folder, bounded, oldest out
 * first. A record is `[size u32][shard u16][zero u16][bytes]`, little-endian. What a killed sensor
 * left is read by its next run. A disk that is full or fails costs batches, which are counted, and
 * never the sensor.
 */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
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
  /** Times the disk did not do what was asked of it, cumulative. */
  spool_disk_errors: number;
}

interface Segment {
  path: string;
  size: number;
  records: number;
  /** Records at its beginning that have been taken. */
  taken: number;
  /** Nothing is added any more: a write failed, and may have left a piece of a record. */
  isSealed: boolean;
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
    spool_disk_errors: 0,
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
      const { records, lost } = readSegment(path);
      const size = statSync(path).size;
      this.#segments.push({
        ...{ path, size, records: records.length, taken: 0 },
        isSealed: lost > 0,
      });
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
    const isFull =
      last === undefined || last.isSealed || last.size + record.length > this.#segmentSize();
    const isBeingRead = this.#reading !== null && this.#segments.length === 1;
    if (isFull || isBeingRead) this.#begin(record);
    else this.#append(last, record);
  }

  /** The oldest records of one file, at most `max`, which stay until `shift`. None when empty. */
  peek(max: number): SpoolRecord[] {
    for (;;) {
      const [oldest] = this.#segments;
      if (oldest === undefined) return [];
      if (this.#reading === null) {
        const found = this.#tried(() => readSegment(oldest.path));
        if (found === null) {
          this.#dropOldest();
          continue;
        }
        if (found.lost > 0) this.#drop(0, found.lost);
        this.#reading = found.records;
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
    const [oldest] = this.#segments;
    const number = oldest ? Number(NAME.exec(basename(oldest.path))?.[1]) - 1 : this.#next++;
    const bytes = Buffer.concat(records.map(({ shard, bytes }) => recordOf(shard, bytes)));
    const segment = this.#write(number, bytes, records.length);
    if (segment === null) return;
    this.#segments.unshift(segment);
    this.#reading = null;
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

  /** Starts a new file with the record. */
  #begin(record: Buffer): void {
    const segment = this.#write(this.#next++, record, 1);
    if (segment !== null) this.#segments.push(segment);
  }

  #append(segment: Segment, record: Buffer): void {
    const written = this.#tried(() => {
      appendFileSync(segment.path, record);
      return true;
    });
    if (written === null) {
      segment.isSealed = true;
      this.#drop(1, record.length);
      tidy(() => truncateSync(segment.path, segment.size));
      return;
    }
    segment.size += record.length;
    segment.records++;
    this.#counters.spool_spooled_batches++;
  }

  /** A file of whole records, or null, counted, when the disk does not take it. */
  #write(number: number, bytes: Buffer, records: number): Segment | null {
    const path = join(this.folder, `${String(number).padStart(12, '0')}.spool`);
    const segment = this.#tried((): Segment => {
      writeFileSync(path, bytes);
      return { path, size: bytes.length, records, taken: 0, isSealed: false };
    });
    if (segment === null) {
      this.#drop(records, bytes.length);
      tidy(() => rmSync(path, { force: true }));
    } else this.#counters.spool_spooled_batches += records;
    return segment;
  }

  /** What `work` returns, or null, counted, when the disk fails. */
  #tried<T>(work: () => T): T | null {
    try {
      return work();
    } catch {
      this.#counters.spool_disk_errors++;
      return null;
    }
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
    this.#segments.shift();
    this.#reading = null;
    this.#tried(() => rmSync(segment.path, { force: true }));
  }
}

/** For what is done after a failure: it may fail for the same reason, which has been counted. */
function tidy(work: () => void): void {
  try {
    work();
  } catch {
    // Counted already.
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
