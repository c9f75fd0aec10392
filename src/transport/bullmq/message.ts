/**
 * What travels in a queue: a job is a few items of one source, in order. A source is whoever
 * numbers its items without gaps: a sensor (for its shards), or the state of a shard (for the
 * correlator). Job data is JSON: `{ v, source, items }`, where `items` is base64 of msgpack
 * `[[kind, sequence, previous, bytes], ...]`. Everything here is untrusted until `readMessage`.
 */
import { Packr, Unpackr } from 'msgpackr';

/** `data`: bytes to judge. `end`: no more will come, ever. `leave`: nothing for now. */
export const ITEM_KINDS = ['data', 'end', 'leave'] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

export interface Item {
  source: string;
  kind: ItemKind;
  /** Rises by one per item of the source and partition. */
  sequence: number;
  /** The sequence published before it, -1 for the first: others were given up by the publisher. */
  previous: number;
  bytes: Uint8Array;
}

export const MESSAGE_VERSION = 1;
const SOURCE_FORM = /^[\x21-\x7e]{1,96}$/;
const ITEMS_MAX = 4096;
/** Largest message read: the largest batch, tables full, is below it. */
export const MESSAGE_SIZE_MAX = 64 * 1024 * 1024;

export interface MessageData {
  v: number;
  source: string;
  items: string;
}

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false });

/** Items of one source. */
export function writeMessage(source: string, items: readonly Item[]): MessageData {
  return { v: MESSAGE_VERSION, source, items: packItems(items).toString('base64') };
}

/** @throws RangeError saying what is wrong; nothing of a bad message is used. */
export function readMessage(data: unknown): Item[] {
  if (typeof data !== 'object' || data === null) throw new RangeError('not an object');
  const { v, source, items } = data as Partial<Record<keyof MessageData, unknown>>;
  if (v !== MESSAGE_VERSION)
    throw new RangeError(`message version ${String(v).slice(0, 16)}, not ${MESSAGE_VERSION}`);
  if (typeof source !== 'string' || !SOURCE_FORM.test(source))
    throw new RangeError('the source is not a name');
  if (typeof items !== 'string' || items.length > MESSAGE_SIZE_MAX)
    throw new RangeError('the items are not base64 within bounds');
  return readItems(source, Buffer.from(items, 'base64'));
}

/** One entry of a journal: the items of one source that were applied together. */
export function writeEntry(item: Item): Buffer {
  return packr.pack([item.source, ITEM_KINDS.indexOf(item.kind), ...placed(item)]);
}

/** @throws RangeError */
export function readEntry(bytes: Uint8Array): Item {
  const entry = unpacked(bytes);
  if (!Array.isArray(entry) || typeof entry[0] !== 'string')
    throw new RangeError('a journal entry of another form');
  return readItem(entry[0], entry.slice(1));
}

function packItems(items: readonly Item[]): Buffer {
  return packr.pack(items.map((item) => [ITEM_KINDS.indexOf(item.kind), ...placed(item)]));
}

function placed({ sequence, previous, bytes }: Item): [number, number, Uint8Array] {
  return [sequence, previous, bytes];
}

function readItems(source: string, bytes: Uint8Array): Item[] {
  const list = unpacked(bytes);
  if (!Array.isArray(list) || list.length === 0 || list.length > ITEMS_MAX)
    throw new RangeError('not a list of items');
  return list.map((fields) => readItem(source, fields));
}

function unpacked(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch (error) {
    throw new RangeError(`not msgpack: ${error instanceof Error ? error.message : 'broken'}`);
  }
}

function readItem(source: string, fields: unknown): Item {
  if (!Array.isArray(fields) || fields.length !== 4)
    throw new RangeError('an item of another form');
  const [code, sequence, previous, bytes] = fields;
  const kind = ITEM_KINDS[code];
  if (kind === undefined) throw new RangeError('an item of unknown kind');
  if (!Number.isSafeInteger(sequence) || sequence < 0) throw new RangeError('a bad sequence');
  if (!Number.isSafeInteger(previous) || previous < -1 || previous >= sequence)
    throw new RangeError('a bad previous sequence');
  if (!(bytes instanceof Uint8Array)) throw new RangeError('an item without bytes');
  return { source, kind, sequence, previous, bytes };
}
