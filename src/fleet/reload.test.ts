import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/load.js';
import { buildConfigSchema } from '../config/schema.js';
import { Allowlist } from '../shared/allowlist.js';
import type { Logger } from '../shared/logger.js';
import { CommandRefused } from '../transport/bullmq/command-message.js';
import { Reloader } from './reload.js';

const parse = (text: string) => parseConfig(buildConfigSchema([]), text, 'picket.yaml');
const entry = (cidr: string) => `{ cidr: ${cidr}, reason: test }`;

function running(text: string) {
  const log: Logger = { level: 'info', debug() {}, info() {}, warn() {}, error() {} };
  const config = parse(text);
  const allowlist = new Allowlist(config.allowlist);
  const file = { text };
  const configuration = { file: 'picket.yaml', load: () => parse(file.text) };
  const parts = { config, allowlist, log, usesAllowlist: true };
  return { file, log, allowlist, reloader: new Reloader(configuration, parts) };
}

describe('reading the configuration again', () => {
  it('changes the allowlist and the level of the log, and names the rest', () => {
    const { file, log, allowlist, reloader } = running(
      `allowlist: [${entry('192.0.2.0/24')}, ${entry('203.0.113.7')}]`,
    );
    file.text =
      `allowlist: [${entry('203.0.113.7')}, ${entry('198.51.100.1')}]\n` +
      'log: { level: debug, format: json }\nepoch_ms: 500\nwindows: { sensor_silent_s: 60 }';
    expect(reloader.reload()).toEqual({
      file: 'picket.yaml',
      applied: ['log.level', 'allowlist'],
      allowlist: { entries: 2, added: 1, removed: 1, is_used: true },
      needs_restart: ['epoch_ms', 'windows.sensor_silent_s', 'log.format'],
    });
    expect(log.level).toBe('debug');
    const among = ['192.0.2.5', '203.0.113.7', '198.51.100.1'].map(allowlist.contains);
    expect(among).toEqual([false, true, true]);
    // What needs a restart still does; what was applied is in force.
    const again = reloader.reload();
    expect(again).toMatchObject({ applied: [], allowlist: { added: 0, removed: 0 } });
    expect(again.needs_restart).toHaveLength(3);
  });

  it('changes nothing when there are mistakes, and shows no password', () => {
    const { file, log, allowlist, reloader } = running(`allowlist: [${entry('192.0.2.1')}]`);
    file.text = 'log: { level: debug }\nshard: 3\nredis: { url: ["rediss://:secret@queue"] }';
    let refusal: unknown;
    try {
      reloader.reload();
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(CommandRefused);
    expect(refusal).toMatchObject({ reason: 'config-invalid' });
    const { message } = refusal as Error;
    expect(message).toMatch(/shard: unknown key; did you mean shards\?/);
    expect(message).toMatch(/redis\.url: not accepted/);
    expect(message).not.toContain('secret');
    expect(log.level).toBe('info');
    expect(allowlist.contains('192.0.2.1', 0)).toBe(true);
  });
});
