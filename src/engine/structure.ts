/**
 * Checks of the structure of messages between threads: that every field is there, with a value of its type. A check costs about
 * as much as reading the fields, so it can stand in the path of every step, where zod cannot.
 */
export type Check<T> = (value: unknown) => value is T;

export const isNumber: Check<number> = (value) => typeof value === 'number';

export const isString: Check<string> = (value) => typeof value === 'string';

export const isBoolean: Check<boolean> = (value) => typeof value === 'boolean';

export const isNumbers: Check<readonly number[]> = (value): value is readonly number[] => {
  if (!Array.isArray(value)) return false;
  for (let i = 0; i < value.length; i++) if (typeof value[i] !== 'number') return false;
  return true;
};

/** A list or a typed array. */
export const isArrayOfNumbers: Check<ArrayLike<number>> = (value): value is ArrayLike<number> =>
  isNumbers(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

export function instanceOf<T>(type: abstract new (...args: never[]) => T): Check<T> {
  return (value): value is T => value instanceof type;
}

export function oneOf<T extends string>(values: readonly T[]): Check<T> {
  return (value): value is T => values.some((one) => one === value);
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(check);
}

/** An object with any keys, all values of which pass the check. */
export function recordOf<T>(check: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    isObject(value) && Object.values(value).every(check);
}

/** An object with at least these fields. */
export function fields<T extends object>(
  checks: {
    readonly [Key in keyof T]-?: Check<T[Key]>;
  },
): Check<T> {
  const keys = Object.keys(checks);
  const checksInOrder = Object.values<Check<unknown>>(checks);
  return (value): value is T => {
    if (!isObject(value)) return false;
    for (let i = 0; i < keys.length; i++) {
      if (!checksInOrder[i]!(value[keys[i]!])) return false;
    }
    return true;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
