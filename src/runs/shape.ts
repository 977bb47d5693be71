import type { RunEvent } from './events.ts';
import { failureSchema } from './failure.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Whether an event has the fields of its kind; false for kinds that this version does not know. Any trainer may write a log. */
export function isRunEvent(event: { readonly kind: string }): event is RunEvent {
  const fields: Fields = { ...event };
  return isKnown(event.kind) && isTime(fields.at) && shapes[event.kind](fields);
}

export function isKnown(kind: string): kind is RunEvent['kind'] {
  return Object.hasOwn(shapes, kind);
}

const shapes: Readonly<Record<RunEvent['kind'], (fields: Fields) => boolean>> = {
  start: ({ pid, fromStep }) => isNumber(pid) && isNumber(fromStep),
  step: ({ step, learningRate, groups, sizes, losses, gram, weights, ms, ...more }) =>
    isNumber(step) &&
    isNumber(learningRate) &&
    [groups, sizes].every((list) => isListOf(isNumber, list)) &&
    isListOf(isFact, losses) &&
    (gram === null || isListOf(isFact, gram)) &&
    (weights === null || isListOf(isNumber, weights)) &&
    isObject(ms) &&
    (more.blocks === undefined || isListOf(isBlock, more.blocks)) &&
    (more.streaming === undefined || isListOf(isArrival, more.streaming)) &&
    (more.direct === undefined || isMeasured(more.direct)) &&
    (more.update === undefined || more.update === null || isMeasured(more.update)) &&
    (more.memory === undefined || isMemory(more.memory)),
  validating: ({ step, done }) => isNumber(step) && isNumber(done),
  validation: ({ step, metrics }) =>
    isNumber(step) && isObject(metrics) && Object.values(metrics).every(isFact),
  checkpoint: ({ step, path, best }) =>
    isNumber(step) && typeof path === 'string' && typeof best === 'boolean',
  warning: ({ step, message }) => isNumber(step) && typeof message === 'string',
  end: ({ step, status, failure }) =>
    isNumber(step) &&
    (status === 'failed'
      ? failureSchema.safeParse(failure).success
      : status === 'finished' || status === 'stopped'),
};

function isBlock(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, gram, weights }: Fields = { ...value };
  return typeof name === 'string' && isListOf(isFact, gram) && isListOf(isNumber, weights);
}

function isArrival(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { inner, norm2, weights, direction2 }: Fields = { ...value };
  return [inner, norm2, direction2].every(isFact) && isListOf(isNumber, weights);
}

function isMeasured(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { norm2, inner }: Fields = { ...value };
  return isFact(norm2) && isListOf(isFact, inner);
}

function isMemory(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { resident, tensors }: Fields = { ...value };
  return isNumber(resident) && (tensors === undefined || isNumber(tensors));
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isFact(value: unknown): boolean {
  return value === null || isNumber(value);
}

/** One that a calendar has. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && !Number.isNaN(new Date(value).getTime());
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(isItem: (item: unknown) => boolean, value: unknown): boolean {
  return Array.isArray(value) && value.every(isItem);
}
