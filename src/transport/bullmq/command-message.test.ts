import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  ANSWER_SIZE_MAX,
  CommandRefused,
  readAnswer,
  readCommand,
  writeAnswer,
} from './command-message.js';

const dump = { v: 1, verb: 'dump', deadlineMs: 5, source: '192.0.2.1' };

describe('a command', () => {
  it('is read, its address in canonical text', () => {
    const source = '2001:DB8:0:0::1';
    expect(readCommand({ ...dump, source })).toEqual({ ...dump, source: '2001:db8::1' });
    expect(readCommand({ v: 1, verb: 'report', deadlineMs: 5 })).toMatchObject({ verb: 'report' });
  });

  it.each([
    ['nothing', undefined],
    ['text', 'report'],
    ['another version', { ...dump, v: 2 }],
    ['an unknown verb', { ...dump, verb: 'self-destruct' }],
    ['a network', { ...dump, source: '192.0.2.0/24' }],
    ['no address', { ...dump, source: '192.0.2' }],
    ['a member too many', { ...dump, run: 'rm' }],
    ['no deadline', { v: 1, verb: 'report' }],
    ['a deadline that is no number', { v: 1, verb: 'report', deadlineMs: null }],
    ['a watch without an end', { ...dump, verb: 'watch' }],
    ['a watch of years', { ...dump, verb: 'watch', forS: 1e9 }],
  ])('is refused: %s', (_, data) => {
    expect(() => readCommand(data)).toThrow(CommandRefused);
    expect(() => readCommand(data)).toThrow(/Not a command of this version/);
  });

  it('is refused when it is large, whatever it says', () => {
    const large = { ...dump, more: 'x'.repeat(3_000) };
    expect(() => readCommand(large)).toThrow(expect.objectContaining({ reason: 'too-large' }));
  });
});

/** Commands that are nearly right. */
const nearly = fc.record(
  {
    v: fc.constantFrom<unknown>(1, 2, '1'),
    verb: fc.constantFrom<unknown>('report', 'watch', 'dump', 'reload', 'constructor', null),
    deadlineMs: fc.oneof(fc.double(), fc.integer(), fc.string()),
    source: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.jsonValue()),
    forS: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
  },
  { requiredKeys: [] },
);

it('whatever comes, it is a command within bounds or a refusal', () => {
  fc.assert(
    fc.property(fc.oneof(nearly, fc.jsonValue(), fc.anything()), (data) => {
      try {
        const command = readCommand(data);
        expect(JSON.stringify(command).length).toBeLessThan(2_048);
        if ('source' in command) expect(addressOf(command.source)).toBe(command.source);
      } catch (error) {
        expect(error).toBeInstanceOf(CommandRefused);
      }
    }),
    { numRuns: 2_000 },
  );
});

describe('an answer', () => {
  it('comes back as it was given', () => {
    const refused = { v: 1 as const, refused: 'late' as const, text: 'too late' };
    expect(readAnswer(writeAnswer({ v: 1, done: { packets: 3 } }))).toEqual({
      v: 1,
      done: { packets: 3 },
    });
    expect(readAnswer(writeAnswer(refused))).toEqual(refused);
  });

  it('that is too large is told as a failure, and not read', () => {
    const large = { v: 1 as const, done: 'x'.repeat(ANSWER_SIZE_MAX) };
    expect(readAnswer(writeAnswer(large))).toMatchObject({ refused: 'failed' });
    expect(() => readAnswer(JSON.stringify(large))).toThrow(/too large/);
  });

  it.each(['', '{', 'null', '{"v":2,"done":1}', '{"v":1,"refused":"because","text":""}'])(
    'is not read from %j',
    (text) => {
      expect(() => readAnswer(text)).toThrow(RangeError);
    },
  );
});

it('an address is told from a network and from what only looks like one', () => {
  expect(['::1', '10.0.0.1', '10.0.0.0/8', '10.1', '', 'a.b'].map(addressOf)).toEqual([
    '::1',
    '10.0.0.1',
    ...[null, null, null, null],
  ]);
});
