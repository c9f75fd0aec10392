/**
 * What the readers of the two file formats share: where frames go, the result of looking at one
 * record, and the tally of what was delivered. Twins:
 * `native/core/capture/{frame_sink,record}.h`.
 */

/**
 * Takes one frame, which begins at `from` in `bytes`: a view of it alone would cost more than many
 * a step of decoding. `capturedSize` bytes are present of `wireSize` (>= capturedSize); they are
 * valid during the call only. Time in integer microseconds since 1970; `linkType` is a
 * LINKTYPE_ value.
 */
export type FrameSink = (
  bytes: Uint8Array,
  from: number,
  capturedSize: number,
  wireSize: number,
  timeUs: number,
  linkType: number,
) => void;

/**
 * What `read` of a reader returns: the bytes consumed when positive, the bytes needed to go on
 * negated when negative, and DAMAGED (the reader's `reason` says how) when zero.
 */
export type Record = number;
export const DAMAGED: Record = 0;

/** Bytes with the view that reads integers from them. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function chunkOf(bytes: Uint8Array): Chunk {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Frames delivered, by whether the decoder reads their link type. */
export interface FrameTally {
  readable: number;
  unreadable: number;
  /** The first such link type. */
  unreadableType: number;
}
