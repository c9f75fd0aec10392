/** The correlator's state as bytes: what the next process that correlates goes on from. */
import { PHASE_OF_KIND, type Finding } from '../../packages/plugin-api/src/finding.js';
import { type StateClass, StateCodec } from '../shared/state-codec.js';
import { Crowds } from './crowds.js';
import { Decoys } from './decoys.js';
import { OpenIncident } from './incident.js';
import { Informers } from './informers.js';
import { Linker } from './linker.js';
import { Scope } from './scope.js';
import { Shares } from './shares.js';
import { SourceTotals } from './source-totals.js';

/** Raised when a class below changes what its fields mean but not their names and types. */
const VERSION = 1;

const NO_FINDING = { id: '', kind: Object.keys(PHASE_OF_KIND)[0] } as Finding;
const NO_BUDGET = { left: 0, refused: 0 };

interface Packable<T, P> {
  unpack(packed: P): T;
}

function classOf<P, T extends object & { pack(): P }>(
  name: string,
  { unpack }: Packable<T, P>,
  sample: T,
): StateClass {
  return { name, sample, pack: (one: T) => one.pack(), unpack: (packed) => unpack(packed as P) };
}

const codec = new StateCodec([
  classOf('incident', OpenIncident, new OpenIncident('', NO_FINDING, false, NO_BUDGET)),
  classOf('scope', Scope, new Scope(NO_BUDGET)),
  classOf('informers', Informers, new Informers()),
  classOf('linker', Linker, new Linker()),
  classOf('totals', SourceTotals, new SourceTotals()),
  classOf('decoys', Decoys, new Decoys()),
  classOf('crowds', Crowds, new Crowds()),
  classOf('shares', Shares, new Shares()),
]);

export function packCorrelator(state: object): Uint8Array {
  return codec.encode([VERSION, state]);
}

/** `fresh` is the state of a new correlator. @throws RangeError when the bytes are none of it. */
export function unpackCorrelator<S extends { watermarks: number[] }>(
  bytes: Uint8Array,
  fresh: S,
): S {
  const form = codec.decode(bytes);
  const state = Array.isArray(form) && form[0] === VERSION ? form[1] : null;
  const isWhole =
    typeof state === 'object' &&
    state !== null &&
    Object.entries(fresh).every(([name, value]) => isLike(state[name], value));
  if (!isWhole) throw new RangeError('a checkpoint of another form');
  if (state.watermarks.length !== fresh.watermarks.length)
    throw new RangeError('a checkpoint of another number of shards');
  return state;
}

function isLike(found: unknown, fresh: unknown): boolean {
  if (typeof fresh !== 'object' || fresh === null) return typeof found === typeof fresh;
  return found instanceof Object && Object.getPrototypeOf(found) === Object.getPrototypeOf(fresh);
}
