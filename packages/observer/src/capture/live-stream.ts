/**
 * How the process that captures through `cap` hands frames to the observer: a stream of parcels,
 * each a header and a piece of a pcap stream. Header, little-endian: 0 size of the piece u32 |
 * 4 unused | 8 f64 microseconds since 1970 before which no further frame can be.
 */
const PARCEL_HEADER_SIZE = 16;
/** LINKTYPE 1 and microseconds, in this machine's favourite order. */
const PCAP_HEADER_SIZE = 24;
const PCAP_MAGIC = 0xa1b2c3d4;
const PCAP_RECORD_HEADER_SIZE = 16;
/** A pipe of Linux holds as much; larger parcels would wait in pieces anyway. */
const PARCEL_SIZE_MAX = 64 * 1024;

/** Packs frames into parcels. */
export class ParcelWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = PARCEL_HEADER_SIZE;

  /** `frameSizeMax` bytes are the most one frame has. */
  constructor(
    linkType: number,
    frameSizeMax: number,
    readonly send: (parcel: Uint8Array) => void,
  ) {
    this.#bytes = new Uint8Array(PARCEL_HEADER_SIZE + PARCEL_SIZE_MAX + frameSizeMax);
    this.#view = new DataView(this.#bytes.buffer);
    const header = new DataView(this.#bytes.buffer, this.#at, PCAP_HEADER_SIZE);
    header.setUint32(0, PCAP_MAGIC, true);
    header.setUint16(4, 2, true);
    header.setUint16(6, 4, true);
    header.setUint32(16, frameSizeMax, true);
    header.setUint32(20, linkType, true);
    this.#at += PCAP_HEADER_SIZE;
  }

  /** Adds a frame; sends when enough has come together. */
  frame(bytes: Uint8Array, timeUs: number): void {
    const view = this.#view;
    view.setUint32(this.#at, Math.floor(timeUs / 1_000_000), true);
    view.setUint32(this.#at + 4, timeUs % 1_000_000, true);
    view.setUint32(this.#at + 8, bytes.length, true);
    view.setUint32(this.#at + 12, bytes.length, true);
    this.#bytes.set(bytes, this.#at + PCAP_RECORD_HEADER_SIZE);
    this.#at += PCAP_RECORD_HEADER_SIZE + bytes.length;
    if (this.#at > PARCEL_SIZE_MAX) this.flush(timeUs);
  }

  /** Sends what there is, which may be nothing but the time. */
  flush(nowUs: number): void {
    this.#view.setUint32(0, this.#at - PARCEL_HEADER_SIZE, true);
    this.#view.setFloat64(8, nowUs, true);
    this.send(this.#bytes.subarray(0, this.#at));
    this.#at = PARCEL_HEADER_SIZE;
  }
}

export interface Parcel {
  piece: Uint8Array;
  nowUs: number;
}

/** Cuts the stream into parcels again. The pieces are copies. Ends silently inside a parcel. */
export async function* readParcels(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Parcel> {
  let pending = Buffer.alloc(0);
  for await (const chunk of stream) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= PARCEL_HEADER_SIZE) {
      const end = PARCEL_HEADER_SIZE + pending.readUInt32LE(0);
      if (pending.length < end) break;
      const piece = Uint8Array.from(pending.subarray(PARCEL_HEADER_SIZE, end));
      yield { piece, nowUs: pending.readDoubleLE(8) };
      pending = pending.subarray(end);
    }
  }
}
