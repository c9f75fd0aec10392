/**
 * What a snapshot in Redis holds: `[version, birth, applied, positions, state, check]` in msgpack.
 * `check` is a hash of the rest: a cut or altered snapshot is refused as a whole.
 */
import { createHash } from 'node:crypto';
import { Packr, Unpackr } from 'msgpackr';

export interface Frame {
  /** Name of the state from its first item on. */
  birth: string;
  /** Items applied so far. */
  applied: number;
  /** The last sequence of each source. */
  positions: [string, number][];
  state: Uint8Array;
}

const FRAME_VERSION = 1;
const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

export function packFrame({ birth, applied, positions, state }: Frame): Buffer {
  const body = packr.pack([FRAME_VERSION, birth, applied, positions, state]);
  return packr.pack([body, checkOf(body)]);
}

/** @throws RangeError when it is not a whole frame of this version. */
export function openFrame(bytes: Uint8Array): Frame {
  const outer = unpack(bytes);
  if (!Array.isArray(outer) || !(outer[0] instanceof Uint8Array) || outer[1] !== checkOf(outer[0]))
    throw new RangeError('the snapshot is damaged');
  const fields = unpack(outer[0]);
  if (!Array.isArray(fields) || fields[0] !== FRAME_VERSION)
    throw new RangeError('a snapshot of another version');
  const [, birth, applied, positions, state] = fields;
  const isWhole =
    typeof birth === 'string' &&
    Number.isSafeInteger(applied) &&
    Array.isArray(positions) &&
    positions.every(
      (one) => Array.isArray(one) && typeof one[0] === 'string' && Number.isSafeInteger(one[1]),
    ) &&
    state instanceof Uint8Array;
  if (!isWhole) throw new RangeError('a snapshot of another form');
  return { birth, applied, positions, state };
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch {
    throw new RangeError('the snapshot is not msgpack');
  }
}

function checkOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64').slice(0, 22);
}
