/** A shard's state as bytes: what the next worker that serves it goes on from. */
import {
  ContactList,
  Finds,
  Histories,
  LAYOUT_VERSION,
  MinuteCounters,
  NumberSet,
  Overflow,
  PAYLOAD_SIGNATURES,
  Past,
  PayloadEvidence,
  PortSet,
  Recent,
  Sketch,
  SourceWindow,
  TargetWindow,
} from '../../packages/plugin-api/src/index.js';
import { type StateClass, StateCodec } from '../shared/state-codec.js';
import { FindingLog } from './finding-log.js';
import { Memory } from './memory.js';
import { type ShardLimits, ShardState } from './shard-state.js';

/** Raised when a class below changes what its fields mean but not their names and types. */
const VERSION = 1;

const CLASSES: StateClass[] = [
  { name: 'shard', sample: new ShardState(1) },
  { name: 'source', sample: new SourceWindow(0, '', 1, 1) },
  { name: 'contacts', sample: new ContactList() },
  { name: 'counters', sample: new MinuteCounters() },
  { name: 'overflow', sample: new Overflow() },
  { name: 'finds', sample: new Finds() },
  { name: 'target', sample: new TargetWindow(0, '', 1) },
  {
    name: 'numbers',
    sample: new NumberSet(),
    pack: (numbers: NumberSet) => numbers.values(),
    unpack: (packed) => NumberSet.of(packed),
  },
  { name: 'sketch', sample: new Sketch() },
  { name: 'ports', sample: new PortSet() },
  { name: 'past', sample: new Past() },
  { name: 'payloads', sample: new PayloadEvidence() },
  { name: 'recent', sample: new Recent(1) },
  { name: 'log', sample: new FindingLog() },
  { name: 'memory', sample: new Memory(1) },
  {
    name: 'histories',
    sample: new Histories(1),
    pack: (histories: Histories) => histories.pack(),
    unpack: (packed) => Histories.unpack(packed),
  },
];
const codec = new StateCodec(CLASSES, PAYLOAD_SIGNATURES);

export function packShard(state: ShardState, limits: ShardLimits): Uint8Array {
  return codec.encode([settingsOf(limits), state]);
}

/** @throws RangeError when it cannot be read, or the windows would be others now. */
export function unpackShard(bytes: Uint8Array, limits: ShardLimits): ShardState {
  const form = codec.decode(bytes);
  if (!Array.isArray(form) || form[0] !== settingsOf(limits))
    throw new RangeError('a checkpoint of other settings');
  if (!(form[1] instanceof ShardState)) throw new RangeError('a checkpoint of something else');
  return form[1];
}

/** What the state's form depends on beside the code. */
function settingsOf({ horizonUs, pauseUs, historySourcesMax }: ShardLimits): string {
  const form = `${VERSION} ${LAYOUT_VERSION} ${PAYLOAD_SIGNATURES.length}`;
  return `${form} ${horizonUs} ${pauseUs} ${historySourcesMax}`;
}
