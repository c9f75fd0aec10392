/**
 * Writes a generated capture and prints its path: `npx tsx test/generate/main.ts scan
 * packetCount=1000`. Parameters are the generator's, as name=value; values are JSON, or text when
 * they are not.
 */
import { floodCapture } from './flood.js';
import { mixedCapture } from './mixed.js';
import { scanCapture } from './scan.js';

const GENERATORS: Record<string, (changes: object) => string> = {
  scan: scanCapture,
  mixed: mixedCapture,
  flood: floodCapture,
};

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const [name, ...assignments] = process.argv.slice(2);
const generate = GENERATORS[name ?? ''];
if (!generate) {
  console.error(`usage: main.js ${Object.keys(GENERATORS).join('|')} [name=value ...]`);
  process.exitCode = 2;
} else {
  const changes = Object.fromEntries(
    assignments.map((text) => {
      const [key, ...rest] = text.split('=');
      return [key, parseValue(rest.join('='))];
    }),
  );
  console.log(generate(changes));
}
