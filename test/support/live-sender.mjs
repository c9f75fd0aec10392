// Crosses thresholds in the laboratory and says when: for each turn, one probe of a honeyport from
// one source, then a sweep of a hundred hosts from another. Prints a JSON line with the clock
// (milliseconds since 1970) just before the packet that crosses.
//   node live-sender.mjs TURNS PORT FIRST_SOURCE
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [turnCount, honeyport, firstSource] = process.argv.slice(2).map(Number);
const SWEPT = 100;
const PAUSE_MS_MIN = 250;
/** Turns must not keep step with the epochs: each pause is a little longer than the last. */
const PAUSE_STEP_MS = 37;
const PAUSE_MS_SPAN = 500;

const clockMs = () => performance.timeOrigin + performance.now();
const say = (kind, source, sentMs) => console.log(JSON.stringify({ kind, source, sentMs }));

for (let turn = 0; turn < turnCount; turn++) {
  await probeHoneyport(`203.0.113.${firstSource + 2 * turn}`);
  await sweep(`203.0.113.${firstSource + 2 * turn + 1}`);
  await sleep(PAUSE_MS_MIN + ((turn * PAUSE_STEP_MS) % PAUSE_MS_SPAN));
}

async function probeHoneyport(source) {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, source, resolve));
  const sentMs = clockMs();
  await new Promise((resolve, reject) => {
    socket.send('?', honeyport, '198.51.100.10', (error) => (error ? reject(error) : resolve()));
  });
  socket.close();
  say('honeyport', source, sentMs);
}

/** Connections that are refused, or given up: thirty of the hosts answer. */
async function sweep(source) {
  const sockets = [];
  let sentMs = 0;
  for (let host = 1; host <= SWEPT; host++) {
    sentMs = clockMs();
    const socket = connect({ host: `198.51.100.${host}`, port: 445, localAddress: source });
    socket.on('error', () => {});
    sockets.push(socket);
    await new Promise((resolve) => setImmediate(resolve));
  }
  say('address_scan', source, sentMs);
  await sleep(PAUSE_MS_MIN);
  for (const socket of sockets) socket.destroy();
}
