import type { RunEvent } from './events.ts';

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
  step: ({ step, learningRate, groups, sizes, losses, gram, weights, ms }) =>
    isNumber(step) &&
    isNumber(learningRate) &&
    [groups, sizes, weights].every((list) => isListOf(isNumber, list)) &&
    [losses, gram].every((list) => isListOf(isFact, list)) &&
    isObject(ms),
  validation: ({ step, metrics }) =>
    isNumber(step) && isObject(metrics) && Object.values(metrics).every(isFact),
  checkpoint: ({ step, path, best }) =>
    isNumber(step) && typeof path === 'string' && typeof best === 'boolean',
  warning: ({ step, message }) => isNumber(step) && typeof message === 'string',
  end: ({ step, status, error }) =>
    isNumber(step) &&
    ['finished', 'stopped', 'failed'].includes(String(status)) &&
    (error === undefined || typeof error === 'string'),
};

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
