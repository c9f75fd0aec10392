import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SIGNATURES } from './signatures.js';

const manual = readFileSync(new URL('../../docs/outputs.md', import.meta.url), 'utf8');

describe('signatures', () => {
  it.each(Object.entries(SIGNATURES))('%s is in the manual as it is', (kind, given) => {
    const { id, signature, category } = given;
    expect(manual).toContain(`| ${id} | \`${kind}\` | ${signature} | ${category} |`);
  });
});
