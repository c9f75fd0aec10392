/** `picket doctor`: what works on this machine, and how to fix what does not. */
import picocolors from 'picocolors';
import { colorWanted } from '../outputs.js';
import { print } from '../stdout.js';
import type { CheckResult, CheckStatus } from './check.js';
import { checkInterface } from './interface.js';
import { checkObservers } from './observers.js';
import { checkPrivileges } from './privileges.js';
import { checkToolchain } from './toolchain.js';

const NAME_WIDTH = 20;
const STATUS_WIDTH = 8;

/** Returns 0 when captures can be read and the interface asked for can be watched, else 1. */
export async function doctor(flags: { interface?: string; json?: boolean }): Promise<number> {
  const results = [
    ...checkToolchain(),
    ...(await checkObservers()),
    checkPrivileges(),
    ...(flags.interface === undefined ? [] : checkInterface(flags.interface)),
  ];
  for (const result of results) {
    print(
      flags.json ? `${JSON.stringify(result)}\n` : resultText(result, colorWanted(process.stdout)),
    );
  }
  return results.some(({ status }) => status === 'missing') ? 1 : 0;
}

function resultText({ check, status, found, fix }: CheckResult, color: boolean): string {
  const { green, yellow, red, dim } = picocolors.createColors(color);
  const paint: Record<CheckStatus, (text: string) => string> = {
    ok: green,
    warn: yellow,
    missing: red,
  };
  const name = check.replaceAll('_', ' ').padEnd(NAME_WIDTH);
  const line = `${paint[status](status.padEnd(STATUS_WIDTH))}${name}${found}\n`;
  return fix === undefined ? line : `${line}${' '.repeat(STATUS_WIDTH)}${dim(`fix: ${fix}`)}\n`;
}
