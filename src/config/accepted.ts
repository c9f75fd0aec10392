/**
 * What a setting accepts, in words, from its JSON Schema: for error messages and the reference
 * page.
 */
import * as z from 'zod';
import type { ConfigSchema } from './schema.js';

/** The parts of JSON Schema that our own schema uses. */
export interface SettingSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  examples?: unknown[];
  items?: SettingSchema;
  properties?: Record<string, SettingSchema>;
  required?: string[];
  anyOf?: SettingSchema[];
}

/** JSON Schema (2020-12) of what may be written in picket.yaml. */
export function toSettingSchema(schema: ConfigSchema): SettingSchema {
  return z.toJSONSchema(schema, { io: 'input' }) as SettingSchema;
}

/** The setting at `path`, or null when there is none. Array positions are numbers. */
export function settingAt(
  root: SettingSchema,
  path: readonly (string | number)[],
): SettingSchema | null {
  let node: SettingSchema | undefined = root;
  for (const step of path) {
    node = typeof step === 'number' ? node?.items : node?.properties?.[step];
    if (node === undefined) return null;
  }
  return node;
}

/**
 * `integer from 1 to 64`, `true or false`, `one of auto, native`, `text like 198.51.100.0/24` ...
 */
export function acceptedText(setting: SettingSchema): string {
  if (setting.enum) return `one of ${setting.enum.join(', ')}`;
  if (setting.anyOf) return setting.anyOf.map(acceptedText).join(', or ');
  switch (setting.type) {
    case 'integer':
    case 'number':
      return `${setting.type}${rangeText(setting)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return textText(setting);
    case 'array':
      return `list of ${setting.items?.properties ? 'entries' : acceptedText(setting.items ?? {})}${
        setting.maxItems === undefined ? '' : `, at most ${setting.maxItems}`
      }`;
    default:
      return `section with ${Object.keys(setting.properties ?? {}).join(', ')}`;
  }
}

function rangeText(setting: SettingSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = setting;
  const low = minimum ?? exclusiveMinimum;
  const high = maximum ?? exclusiveMaximum;
  const from = low === undefined ? '' : ` ${minimum === undefined ? 'above' : 'from'} ${low}`;
  const to = high === undefined ? '' : ` ${maximum === undefined ? 'to below' : 'to'} ${high}`;
  return from + to;
}

function textText(setting: SettingSchema): string {
  if (setting.examples?.length) return `text like ${String(setting.examples[0])}`;
  const { minLength = 0, maxLength } = setting;
  if (maxLength === undefined) return 'text';
  return minLength > 0
    ? `text of ${minLength} to ${maxLength} characters`
    : `text of at most ${maxLength} characters`;
}
