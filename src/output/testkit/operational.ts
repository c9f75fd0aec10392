/** Operational events for tests. */
import { TEST_TIME_US } from '../../../packages/plugin-api/src/testkit/findings.js';
import type { Operational } from '../contract.js';

/** Half a minute in which the kernel's ring overflowed. */
export const KERNEL_LOSS: Operational = {
  kind: 'capture_loss',
  state: 'started',
  sensor: 'edge-1',
  timeUs: TEST_TIME_US,
  durationMs: 30_004,
  seen: 98_000,
  kernelDropped: 1_990,
  interfaceDropped: 10,
  lostPercent: 2,
  thresholdPercent: 0.1,
};
