/** Turns what the user names into the list of files to read, in the order to read them. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureParser } from '../../packages/observer/src/capture/parser.js';
import { PicketError } from '../shared/errors.js';
import { CompressionDamage } from './decompress.js';
import { openInput, STANDARD_INPUT, unreadable } from './open-input.js';

/** Files of a folder that are looked into. A ring of rotated captures has hundreds. */
const FOLDER_FILES_MAX = 100_000;

interface Beginning {
  /** Microseconds since 1970 of the first frame; undefined when the file holds none. */
  timeUs: number | undefined;
  isCapture: boolean;
}

/**
 * A folder stands for the captures in it, by name, whatever they are called (not those in folders
 * below). Several files are put in the order of their first frames' times; what has no time (an
 * empty capture, standard input) keeps its place behind what was named before it.
 * @throws PicketError `input-unreadable`: nothing there, no permission, a folder without captures
 */
export async function orderInputs(paths: string[]): Promise<string[]> {
  const lists = await Promise.all(paths.map((path) => expand(path)));
  const files = lists.flat();
  if (files.length < 2) return files;
  const timed: { path: string; timeUs: number }[] = [];
  let lastUs = Number.NEGATIVE_INFINITY;
  for (const path of files) {
    const { timeUs } = path === STANDARD_INPUT ? { timeUs: undefined } : await readBeginning(path);
    lastUs = timeUs ?? lastUs;
    timed.push({ path, timeUs: lastUs });
  }
  return timed.sort((a, b) => Math.sign(a.timeUs - b.timeUs) || 0).map(({ path }) => path);
}

async function expand(path: string): Promise<string[]> {
  if (path === STANDARD_INPUT) return [path];
  const names = listFolder(path);
  if (!names) return [path];
  const captures: string[] = [];
  for (const name of names.sort()) {
    const file = join(path, name);
    if (statSync(file).isFile() && (await readBeginning(file)).isCapture) captures.push(file);
  }
  if (captures.length > 0) return captures;
  const hint = 'Name a folder with pcap or pcapng files (gzip or zstd is fine), or the files';
  throw new PicketError('input-unreadable', `${path} holds no captures. ${hint}.`);
}

/** undefined when it is no folder. */
function listFolder(path: string): string[] | undefined {
  try {
    if (!statSync(path).isDirectory()) return undefined;
    return readdirSync(path).slice(0, FOLDER_FILES_MAX);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Reads as far as the first frame. A pipe is not looked into: what was read would be lost. */
async function readBeginning(path: string): Promise<Beginning> {
  const input = await openInput(path);
  let timeUs: number | undefined;
  const parser = new CaptureParser((_bytes, _from, _captured, _wire, frameTimeUs) => {
    timeUs ??= frameTimeUs;
  });
  if (input.size === 0) return { timeUs, isCapture: false };
  try {
    for await (const chunk of input.chunks()) {
      parser.push(chunk);
      if (timeUs !== undefined || parser.damage) break;
    }
  } catch (error) {
    if (!(error instanceof CompressionDamage)) throw unreadable(path, error);
  } finally {
    input.close();
  }
  // Damage at the very beginning is what a file of another kind has.
  return { timeUs, isCapture: parser.damage?.offset !== 0 };
}
