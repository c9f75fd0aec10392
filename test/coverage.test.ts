/** A finding made while packets were lost says so, early or at the end of its second. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { CaptureParser } from '../packages/observer/src/capture/parser.js';
import { DEFAULT_OPTIONS } from '../packages/observer/src/options.js';
import { Pipeline } from '../packages/observer/src/pipeline.js';
import type { Finding } from '../packages/plugin-api/src/index.js';
import { DetectorSet } from '../src/detect/detector-set.js';
import { DEFAULT_DETECT_OPTIONS } from '../src/detect/options.js';
import { ShardDetector } from '../src/detect/shard-detector.js';
import { packOutcome, unpackOutcome } from '../src/transport/bullmq/outcome-message.js';

const CAPTURE = 'test/captures/pipeline.pcap.gz';
const HOME = ['198.51.100.0/24', '198.18.4.0/22'];

const options = { ...DEFAULT_DETECT_OPTIONS, shardCount: 1, historySourcesMax: 256 };
const open = (snapshot: Uint8Array | null) =>
  new ShardDetector(0, new DetectorSet(options), options, snapshot);

/** The findings of the bundled capture, of which `dropped` frames were lost after so many. */
function findingsWith(dropped: number, afterFrames: number, isMoved = false): Finding[] {
  let detector = open(null);
  const findings: Finding[] = [];
  const pipeline = new Pipeline(
    { ...DEFAULT_OPTIONS, homeNets: HOME, shardCount: 1 },
    (_, batch) => {
      if (isMoved) detector = open(detector.snapshot());
      // As the correlator of a fleet gets them.
      const outcome = unpackOutcome(packOutcome(detector.accept(Uint8Array.from(batch))));
      findings.push(...outcome.findings);
    },
  );
  let frames = 0;
  const parser = new CaptureParser((bytes, from, captured, wire, timeUs, linkType) => {
    if (frames++ === afterFrames) pipeline.dropped(dropped);
    pipeline.frame(bytes, from, captured, wire, timeUs, linkType);
  });
  parser.push(gunzipSync(readFileSync(CAPTURE)));
  parser.end();
  pipeline.finish();
  findings.push(...detector.end().findings);
  return findings;
}

it('has no coverage where nothing was lost', () => {
  const findings = findingsWith(0, 0);
  expect(findings.length).toBeGreaterThan(0);
  expect(findings.every(({ coverage }) => coverage === undefined)).toBe(true);
});

it('has it from the loss on, and says the same otherwise', () => {
  const whole = findingsWith(0, 0);
  const lossy = findingsWith(40, 50);
  expect(lossy.map(({ coverage, ...rest }) => rest)).toEqual(whole);
  expect(lossy[0].coverage).toMatchObject({ seconds: 1, dropped: 40, truncated: 0 });
  const ended = lossy.findLast(({ id }) => id === lossy[0].id);
  expect(ended).toMatchObject({ state: 'ended', coverage: { dropped: 40 } });
});

it('is remembered by whoever goes on from a checkpoint', () => {
  expect(findingsWith(40, 50, true)).toEqual(findingsWith(40, 50));
});

it('does not have it long after the loss', () => {
  const findings = findingsWith(40, 0);
  const lossUs = Math.min(...findings.map(({ firstSeenUs }) => firstSeenUs));
  const late = findings.filter(
    ({ firstSeenUs, judgedUs, windowS }) =>
      Math.min(firstSeenUs, judgedUs - windowS * 1e6) > lossUs + 1e6,
  );
  expect(late.every(({ coverage }) => coverage === undefined)).toBe(true);
});
