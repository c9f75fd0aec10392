/** Every event any test reads is held against the project's own JSON Schema. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const schema = JSON.parse(readFileSync('src/output/eve.schema.json', 'utf8'));
const validate = new Ajv2020({ allErrors: true, strict: false }).compile(schema);

/** @throws Error that names what is wrong with the event. */
export function assertEveEvent(event: unknown): void {
  if (validate(event)) return;
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath} ${message}`,
  );
  throw new Error(`not an EVE event: ${problems.join('; ')}\n${JSON.stringify(event)}`);
}
