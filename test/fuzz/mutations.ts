import type { Random } from '../unit/engine/random.ts';

/** Values that a field of JSON does not expect, as JSON. */
const oddities = [
  ...['null', 'true', 'false', '0', '-1', '1', '0.5', '1e999', '-0', '2147483648', '1e15', 'NaN'],
  ...['""', '"a"', '" "', '"\\u0000"', '"<unk>"', '"__proto__"', '[]', '[[]]', '[null]', '{}'],
  ...['{"type":"Sequence"}', '{"type":"X"}', '["a","b"]', '-Infinity', '[1,2]', '{"a":1}'],
];

const WARM_UP = 32;

/** Random choices, each from the seed. */
export class Choices {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
    // Generators of similar seeds begin alike.
    for (let i = 0; i < WARM_UP; i++) random.uniform();
  }

  /** 0…below−1. */
  upTo(below: number): number {
    return Math.floor(below * this.#random.uniform());
  }

  of<T>(all: readonly T[]): T {
    return all[this.upTo(all.length)]!;
  }

  chance(probability: number): boolean {
    return this.#random.uniform() < probability;
  }
}

/** Damage to bytes: single bits and bytes, cuts, repetitions. */
export function mutatedBytes(bytes: Buffer, choices: Choices): Buffer {
  let result = Buffer.from(bytes);
  for (let i = 0; i === 0 || choices.chance(0.3); i++) {
    const at = choices.upTo(result.length + 1);
    const end = at + choices.upTo(8);
    switch (choices.upTo(6)) {
      case 0:
        if (at < result.length) result[at]! ^= 1 << choices.upTo(8);
        break;
      case 1:
        if (at < result.length) result[at] = choices.upTo(256);
        break;
      case 2:
        result = result.subarray(0, at);
        break;
      case 3:
        result = Buffer.concat([result.subarray(0, at), result.subarray(end)]);
        break;
      case 4:
        result = Buffer.concat([result.subarray(0, end), result.subarray(at)]);
        break;
      default: {
        const inserted = Buffer.from([choices.upTo(256), choices.upTo(256)]);
        result = Buffer.concat([result.subarray(0, at), inserted, result.subarray(at)]);
      }
    }
  }
  return result;
}

/** Damage to JSON that leaves it JSON: values replaced, exchanged, removed or given twice. @param rate 1: a few places of a file */
export function mutatedJson(json: unknown, choices: Choices, rate = 1): string {
  const text = JSON.stringify(changed(json, choices, rate, 0));
  return text.replace(/"@@(\d+)@@"/g, (_, index) => oddities[Number(index)]!);
}

/** Longer objects and lists, such as vocabularies, are rarely worth a look inside. */
const LARGE = 40;

function changed(json: unknown, choices: Choices, rate: number, depth: number): unknown {
  if (choices.chance(rate * 0.02 * depth)) return `@@${choices.upTo(oddities.length)}@@`;
  if (typeof json !== 'object' || json === null) return json;
  const keys = Object.keys(json);
  if (keys.length === 0) return json;
  const large = keys.length > LARGE;
  const copy: Record<string, unknown> = Array.isArray(json) ? ([...json] as never) : { ...json };
  for (let i = 0; i < (large ? 1 : keys.length); i++) {
    const key = large ? choices.of(keys) : keys[i]!;
    if (!large || choices.chance(0.3)) copy[key] = changed(copy[key], choices, rate, depth + 1);
    if (choices.chance(rate * 0.01)) copy[key] = copy[choices.of(keys)];
    if (choices.chance(rate * 0.01) && !Array.isArray(json)) delete copy[key];
  }
  return copy;
}
