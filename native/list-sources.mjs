// Prints the C++ sources under the folders given, sorted, one a line. Asked by binding.gyp.
import { readdirSync } from 'node:fs';

const sources = process.argv
  .slice(2)
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.cc'))
      .map((name) => `${folder}/${name}`),
  )
  .sort();
console.log(sources.join('\n'));
