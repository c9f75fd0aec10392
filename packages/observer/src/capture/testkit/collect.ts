import { type Damage, CaptureParser } from '../parser.js';

export interface Frame {
  bytes: Uint8Array;
  captured: number;
  wire: number;
  timeUs: number;
  linkType: number;
}

/** What the parser makes of a file that arrives in chunks of `chunkSize` bytes. */
export function collect(
  file: Uint8Array,
  chunkSize = Math.max(1, file.length),
): { frames: Frame[]; damage: Damage | undefined } {
  // A plain array: slices of a Buffer would share its memory.
  const plain = Uint8Array.from(file);
  const frames: Frame[] = [];
  const parser = new CaptureParser((bytes, from, captured, wire, timeUs, linkType) =>
    frames.push({ bytes: bytes.slice(from, from + captured), captured, wire, timeUs, linkType }),
  );
  for (let at = 0; at < file.length; at += chunkSize) {
    // A copy each, and wiped afterwards, so that a frame kept too long shows.
    const chunk = plain.slice(at, at + chunkSize);
    parser.push(chunk);
    chunk.fill(0xee);
  }
  parser.end();
  return { frames, damage: parser.damage };
}
