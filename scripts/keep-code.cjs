// Preloaded by scripts/code-cache.mjs into the built program and its threads: at their ends, writes
// what V8 has compiled of each piece of dist/code beside it. What ran is in it, the rest is not.
const { writeFileSync } = require('node:fs');
const v8 = require('node:v8');
const vm = require('node:vm');
const { parentPort } = require('node:worker_threads');

/** By file. */
const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, options);
    if (options?.filename?.includes('/dist/code/')) scripts.set(options.filename, this);
  }
};
// A cache is good for the flags it was made under, and it is taken when the program begins.
v8.setFlagsFromString = () => {};
const keep = () => {
  for (const [file, script] of scripts) writeFileSync(`${file}.cache`, script.createCachedData());
};
process.on('exit', keep);
if (parentPort) {
  // The answer may be what the thread is ended for.
  const send = parentPort.postMessage.bind(parentPort);
  parentPort.postMessage = (...words) => {
    keep();
    send(...words);
  };
}
