/** Logs of made-up runs: what the rules are tested on. */
import { AlarmWatch } from '../../../../src/experiment/alarms/alarmWatch.ts';
import type { Alarm } from '../../../../src/runs/alarms.ts';
import type { RunEvent, StepEvent, ValidationEvent } from '../../../../src/runs/events.ts';
import type { RunManifest } from '../../../../src/runs/manifest.ts';
import { manifestOf } from '../../runs/manifest.ts';

/** Four classes of 20 examples each, 300 steps. */
export function runOf(changes: Partial<RunManifest> = {}): RunManifest {
  const groups = { by: 'label', names: ['a', 'b', 'c', 'd'], examples: [20, 20, 20, 20] };
  return manifestOf('run', { steps: 300, groups, ...changes });
}

/** A step whose gradients are orthogonal and of length 1. */
export function stepOf(step: number, changes: Partial<StepEvent> = {}): StepEvent {
  return {
    kind: 'step',
    at: 0,
    step,
    learningRate: 0.1,
    groups: [0, 1, 2, 3],
    sizes: [8, 8, 8, 8],
    losses: [1, 1, 1, 1],
    gram: orthogonal([1, 1, 1, 1]),
    weights: [0.25, 0.25, 0.25, 0.25],
    update: { norm2: 1, inner: [0.1, 0.1, 0.1, 0.1] },
    ms: { gradients: 1, aggregate: 1, update: 1 },
    ...changes,
  };
}

/** Upper triangle of the Gram matrix of orthogonal gradients. */
export function orthogonal(norms2: readonly number[]): number[] {
  return norms2.flatMap((norm2, i) => norms2.slice(i).map((_, j) => (j === 0 ? norm2 : 0)));
}

export function validationOf(step: number, changes: Partial<ValidationEvent> = {}): RunEvent {
  return {
    kind: 'validation',
    at: 0,
    step,
    metrics: { loss: 1, accuracy: 0.8 },
    spread: { kind: 'classes', mostFrequent: 'a', share: 0.3, majority: 0.25 },
    ...changes,
  };
}

/** Steps `from` … `to`, each with the changes. */
export function steps(
  from: number,
  to: number,
  changes: Partial<StepEvent> | ((step: number) => Partial<StepEvent>) = {},
): StepEvent[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const step = from + i;
    return stepOf(step, typeof changes === 'function' ? changes(step) : changes);
  });
}

export function alarmsIn(run: RunManifest, events: readonly RunEvent[]): Alarm[] {
  const watch = new AlarmWatch(run);
  return events.flatMap((event) => watch.observe(event));
}

/** "exploding-loss raised 12", in order. */
export function told(alarms: readonly Alarm[]): string[] {
  return alarms.map(({ rule, state, step }) => `${rule} ${state} ${step}`);
}

/** The step with gradients `scale` times as long, and losses `loss` times as high. */
export function scaled(event: RunEvent, scale: number, loss: number): RunEvent {
  if (event.kind === 'validation') {
    const metrics = Object.entries(event.metrics).map(([name, value]) => [
      name,
      name === 'loss' && value !== null ? loss * value : value,
    ]);
    return { ...event, metrics: Object.fromEntries(metrics) };
  }
  if (event.kind !== 'step') return event;
  const { gram, update } = event;
  return {
    ...event,
    losses: event.losses.map((value) => (value === null ? null : loss * value)),
    gram: gram?.map((value) => (value === null ? null : scale ** 2 * value)) ?? null,
    ...(update && {
      update: {
        norm2: update.norm2 === null ? null : scale ** 2 * update.norm2,
        inner: update.inner.map((value) => (value === null ? null : scale ** 2 * value)),
      },
    }),
  };
}
