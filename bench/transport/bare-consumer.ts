/**
 * A BullMQ worker per queue that only takes the bytes out of its jobs: the limit of the transport.
 * Arguments: socket, namespace, queues, `base64` or `key`. Prints `ready`; the bytes at SIGTERM.
 */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [socket, namespace, queues, form] = process.argv.slice(2);
const client = new Redis({ path: socket, maxRetriesPerRequest: null });
let size = 0;
for (let queue = 0; queue < Number(queues); queue++) {
  const prefix = `{${namespace}:${queue}}`;
  const worker = new Worker(
    'batches',
    async (job) => {
      const bytes =
        form === 'base64'
          ? Buffer.from(job.data.items, 'base64')
          : await client.getdelBuffer(`${prefix}:b:${job.data.key}`);
      size += bytes?.length ?? 0;
    },
    // As the product's PartitionConsumer.
    {
      ...{ prefix, connection: client, concurrency: 64, skipStalledCheck: true },
      ...{ removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } },
    },
  );
  await worker.waitUntilReady();
}
process.on('SIGTERM', () => process.stdout.write(`${size}\n`, () => process.exit(0)));
process.stdout.write('ready\n');
