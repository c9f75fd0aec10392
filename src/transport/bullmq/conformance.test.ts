import { afterAll, beforeAll } from 'vitest';
import { redisMissing, redisNote, RedisServer } from '../../../test/support/redis-server.js';
import { BullmqRig } from '../testkit/bullmq-rig.js';
import { describeTransport } from '../testkit/conformance.js';

const server = redisMissing ? null : new RedisServer();
beforeAll(async () => await server?.start());
afterAll(async () => await server?.close());

let rigs = 0;
describeTransport(
  `BullMQ${redisNote}`,
  ({ shardCount, workers, waitingMax }) => {
    const namespace = `conformance-${rigs++}`;
    const url = server?.url ?? '';
    const rig = new BullmqRig({ url, namespace, shardCount, workers, waitingMax });
    return {
      transport: rig,
      waitingMax,
      hold: () => rig.hold(),
      release: () => rig.release(),
    };
  },
  { skip: redisMissing },
);
