/**
 * Turns a room's whole state into bytes and back, for checkpoints: a graph of plain objects,
 * arrays, Maps, Sets, typed arrays and instances of listed classes. Shared objects stay shared; -0
 * becomes 0, the one value that changes. It walks the ordinary fields of an object; a class with
 * `#private` ones says what to write.
 *
 * The form is msgpack of `[version, shapes, value]`, compressed. A shape is `[class, field...]`; an
 * object is `[tag, shape, value, ...]`: names are written once. Objects are numbered in the order
 * they are met, which is how a later mention refers to them.
 *
 * Checkpoints come back from a server, so reading checks every form, bounds the size, and compares
 * the fields of each instance with those of a fresh one.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Packr, Unpackr } from 'msgpackr/pack';

/** A class whose instances may occur. */
export interface StateClass {
  name: string;
  /** A fresh instance: its prototype is given to what is read, its fields are what is expected. */
  sample: object;
  /**
   * For a class with `#private` state, or one of which only a part is to be kept: what is written
   * instead. The fields of an object are compared with the sample's when it is read.
   */
  pack?(instance: never): unknown;
  /** @throws RangeError */
  unpack?(packed: unknown): object;
}

const VERSION = 1;
const SIZE_MAX = 1 << 30;
const Tag = {
  array: 0,
  map: 1,
  set: 2,
  object: 3,
  /** An object met before, by number. */
  again: 4,
  /** A string that is no well-formed Unicode: map keys made of code units. */
  units: 5,
  /** One of the constants both sides know, by index. */
  constant: 6,
  numbers: 7,
  packed: 8,
} as const;

const TYPED = { Float64Array, Float32Array, Int32Array, Uint32Array, Uint16Array } as const;
type TypedName = keyof typeof TYPED;

const packr = new Packr({ useRecords: false, moreTypes: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false });

export class StateCodec {
  readonly #classes: readonly StateClass[];
  readonly #constants: readonly object[];

  /** `constants` are objects that are referred to, not copied; their order is part of the form. */
  constructor(classes: readonly StateClass[], constants: readonly object[] = []) {
    this.#classes = classes;
    this.#constants = constants;
  }

  /** @throws TypeError when the state holds something that is not listed: a programmer's error. */
  encode(state: unknown): Uint8Array {
    const writer = new Writer(this.#classes, this.#constants);
    const value = writer.write(state);
    return deflateRawSync(packr.pack([VERSION, writer.shapes, value]), { level: 1 });
  }

  /** @throws RangeError when the bytes are not what `encode` of this version makes. */
  decode(bytes: Uint8Array): unknown {
    const form = unpacked(bytes);
    if (!Array.isArray(form) || form[0] !== VERSION || !Array.isArray(form[1]))
      throw new RangeError('a state of another version');
    return new Reader(this.#classes, this.#constants, form[1]).read(form[2]);
  }
}

function unpacked(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(inflateRawSync(bytes, { maxOutputLength: SIZE_MAX }));
  } catch (error) {
    throw new RangeError('a state that cannot be read', { cause: error });
  }
}

class Writer {
  readonly shapes: unknown[][] = [];
  readonly #shapeOf = new Map<string, number>();
  readonly #numbers = new Map<object, number>();
  readonly #byPrototype: Map<object, StateClass>;
  readonly #constants: Map<object, number>;

  constructor(classes: readonly StateClass[], constants: readonly object[]) {
    this.#byPrototype = new Map(classes.map((one) => [Object.getPrototypeOf(one.sample), one]));
    this.#constants = new Map(constants.map((one, index) => [one, index]));
  }

  write(value: unknown): unknown {
    if (typeof value === 'string') return isWellFormed(value) ? value : [Tag.units, units(value)];
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value !== 'object') throw new TypeError(`a ${typeof value} in a state`);
    if (value instanceof Uint8Array) return value;
    const constant = this.#constants.get(value);
    if (constant !== undefined) return [Tag.constant, constant];
    const known = this.#numbers.get(value);
    if (known !== undefined) return [Tag.again, known];
    this.#numbers.set(value, this.#numbers.size);
    return this.#writeObject(value);
  }

  #writeObject(value: object): unknown {
    if (Array.isArray(value)) return [Tag.array, ...value.map((member) => this.write(member))];
    if (value instanceof Set) return [Tag.set, ...[...value].map((member) => this.write(member))];
    if (value instanceof Map)
      return [Tag.map, ...[...value].flatMap(([key, one]) => [this.write(key), this.write(one)])];
    if (ArrayBuffer.isView(value)) return this.#writeNumbers(value);
    const prototype = Object.getPrototypeOf(value);
    const known = this.#byPrototype.get(prototype);
    if (known === undefined && prototype !== Object.prototype)
      throw new TypeError(`an unlisted ${value.constructor.name} in a state`);
    if (known?.pack) return [Tag.packed, known.name, this.write(known.pack(value as never))];
    const fields = Object.entries(value).filter(([, member]) => member !== undefined);
    const names = fields.map(([field]) => field);
    const shape = this.#shape([known?.name ?? '', ...names]);
    return [Tag.object, shape, ...fields.map(([, member]) => this.write(member))];
  }

  #writeNumbers(value: ArrayBufferView): unknown {
    const name = value.constructor.name as TypedName;
    if (!(name in TYPED)) throw new TypeError(`an unlisted ${name} in a state`);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return [Tag.numbers, name, bytes];
  }

  #shape(words: string[]): number {
    const key = words.join('\n');
    const known = this.#shapeOf.get(key);
    if (known !== undefined) return known;
    this.#shapeOf.set(key, this.shapes.length);
    this.shapes.push(words);
    return this.shapes.length - 1;
  }
}

class Reader {
  readonly #objects: object[] = [];
  readonly #byName: Map<string, StateClass>;

  constructor(
    classes: readonly StateClass[],
    private readonly constants: readonly object[],
    private readonly shapes: unknown[],
  ) {
    this.#byName = new Map(classes.map((one) => [one.name, one]));
  }

  read(form: unknown): unknown {
    if (!Array.isArray(form)) return primitive(form);
    const [tag, ...words] = form;
    switch (tag) {
      case Tag.array:
        return this.#fill<unknown[]>([], (array) => {
          for (const word of words) array.push(this.read(word));
        });
      case Tag.set:
        return this.#fill(new Set(), (set) => {
          for (const word of words) set.add(this.read(word));
        });
      case Tag.map:
        return this.#fill(new Map(), (map) => {
          if (words.length % 2 !== 0) throw new RangeError('a map of another form');
          for (let at = 0; at < words.length; at += 2)
            map.set(this.read(words[at]), this.read(words[at + 1]));
        });
      case Tag.object:
        return this.#readObject(words);
      case Tag.numbers:
        return this.#readNumbers(words);
      case Tag.packed:
        return this.#readPacked(words);
      case Tag.again:
        return present(this.#objects[words[0]]);
      case Tag.constant:
        return present(this.constants[words[0]]);
      case Tag.units:
        return textOf(words[0]);
      default:
        throw new RangeError('a value of unknown form');
    }
  }

  /** The object gets its number before its members do, as when it was written. */
  #fill<T extends object>(empty: T, fill: (object: T) => void): T {
    this.#objects.push(empty);
    fill(empty);
    return empty;
  }

  #readObject([index, ...values]: unknown[]): object {
    const shape = this.shapes[index as number];
    if (!Array.isArray(shape) || shape.length !== values.length + 1)
      throw new RangeError('an object of unknown shape');
    const [name, ...fields] = shape;
    const known = this.#byName.get(name);
    if (name !== '' && (known === undefined || known.pack))
      throw new RangeError(`an object of unknown class ${name}`);
    const prototype = known ? Object.getPrototypeOf(known.sample) : Object.prototype;
    const fresh: Record<string, unknown> = Object.create(prototype);
    const object = this.#fill(fresh, (empty) => {
      for (const [at, field] of fields.entries()) {
        if (typeof field !== 'string' || field === '__proto__')
          throw new RangeError('a field that is no name');
        empty[field as string] = this.read(values[at]);
      }
    });
    if (known) compare(name as string, known.sample, object);
    return object;
  }

  #readNumbers([name, bytes]: unknown[]): object {
    const Typed = TYPED[name as TypedName];
    if (Typed === undefined || !(bytes instanceof Uint8Array)) throw new RangeError('bad numbers');
    if (bytes.length % Typed.BYTES_PER_ELEMENT !== 0) throw new RangeError('numbers that are cut');
    return this.#fill(new Typed(Uint8Array.from(bytes).buffer), () => {});
  }

  #readPacked([name, packed]: unknown[]): object {
    const known = this.#byName.get(name as string);
    if (!known?.unpack) throw new RangeError('an object of unknown class');
    const at = this.#objects.length;
    this.#objects.push({});
    const fields = this.read(packed);
    const expected = known.pack?.(known.sample as never);
    if (typeof expected === 'object' && expected !== null && !Array.isArray(expected))
      compare(known.name, expected, fields);
    const object = known.unpack(fields);
    this.#objects[at] = object;
    return object;
  }
}

/** Every field of a fresh instance must be there, and be of its type; null stands for any. */
function compare(name: string, sample: object, found: unknown): void {
  if (typeof found !== 'object' || found === null) throw new RangeError(`${name} is no object`);
  const expected = Object.entries(sample);
  if (Object.keys(found).length > expected.length) throw new RangeError(`${name} has other fields`);
  for (const [field, value] of expected) {
    if (!isAlike(value, (found as Record<string, unknown>)[field]))
      throw new RangeError(`${name}.${field} is not as expected`);
  }
}

function isAlike(expected: unknown, found: unknown): boolean {
  if (expected === null || found === null) return found !== undefined;
  return kindOf(found) === kindOf(expected);
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : typeof value;
}

function primitive(value: unknown): unknown {
  // Not Buffer, which msgpackr gives: fields of a class are of the type they had.
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  throw new RangeError('a value of unknown type');
}

function present(value: object | undefined): object {
  if (value === undefined) throw new RangeError('a reference to nothing');
  return value;
}

/** As `String.prototype.isWellFormed` of Node 20, which the ES2023 library does not know. */
function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function units(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le');
}

function textOf(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array)) throw new RangeError('text of another form');
  return Buffer.from(bytes).toString('utf16le');
}
