import * as z from 'zod';
import { runAlarmSchema, withAlarm } from './alarms.ts';
import type { DeepReadonly } from './deepReadonly.ts';
import type { RunEvent } from './events.ts';
import { failureSchema } from './failure.ts';
import type { Lifecycle } from './status.ts';

/** What lists show of a run, from its log. */
export const progressSchema = z.object({
  /** The last of the `start` and `end` events; see status.ts. */
  lifecycle: z
    .enum(['started', 'finished', 'stopped', 'failed'])
    .nullable() satisfies z.ZodType<Lifecycle>,
  /** Steps taken. */
  step: z.number(),
  /** Share of a long validation that is done, 0…1; null while there is none. */
  validating: z.number().nullable(),
  /** Of the last validation that measured it; null for a metric that was not finite. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** Least and greatest finite value of each metric over all validations. */
  extremes: z.record(z.string(), z.object({ least: z.number(), greatest: z.number() })),
  /** Milliseconds since the Unix epoch. */
  startedAt: z.number().nullable(),
  /** Null while the run has not ended, or after it was resumed. */
  endedAt: z.number().nullable(),
  /** When something was last logged; null before. */
  changedAt: z.number().nullable(),
  /** Null for a run that has not failed, or was resumed. */
  failure: failureSchema.nullable(),
  /** In the order in which they were raised. */
  alarms: z.array(runAlarmSchema),
  /** How many were logged, and what the last one said; null without one. */
  warned: z.object({ count: z.number(), last: z.string() }).nullable(),
});

/** Progress of a run according to its log. */
export type Progress = DeepReadonly<z.infer<typeof progressSchema>>;

export const BEGINNING: Progress = {
  lifecycle: null,
  step: 0,
  validating: null,
  metrics: {},
  extremes: {},
  startedAt: null,
  endedAt: null,
  changedAt: null,
  failure: null,
  alarms: [],
  warned: null,
};

/** The progress after one more event of the log. */
export function progressAfter(progress: Progress, event: RunEvent): Progress {
  const validating = event.kind === 'validating' ? event.done : null;
  return { ...after(progress, event), validating, changedAt: event.at };
}

function after(progress: Progress, event: RunEvent): Omit<Progress, 'validating' | 'changedAt'> {
  switch (event.kind) {
    case 'start': {
      return {
        ...progress,
        lifecycle: 'started',
        startedAt: progress.startedAt ?? event.at,
        endedAt: null,
        failure: null,
      };
    }
    case 'step':
      return { ...progress, step: event.step };
    case 'validation':
      return {
        ...progress,
        metrics: { ...progress.metrics, ...event.metrics },
        extremes: extremesAfter(progress.extremes, event.metrics),
      };
    case 'end':
      return {
        ...progress,
        lifecycle: event.status,
        // Of a run without logged steps, as an imported one may be, it is the only one that says how far it came.
        step: Math.max(progress.step, event.step),
        endedAt: event.at,
        failure: event.status === 'failed' ? event.failure : null,
      };
    case 'alarm':
      return { ...progress, alarms: withAlarm(progress.alarms, event) };
    case 'warning': {
      const count = (progress.warned?.count ?? 0) + 1;
      return { ...progress, warned: { count, last: event.message } };
    }
    case 'validating':
    case 'checkpoint':
      return progress;
  }
}

function extremesAfter(
  extremes: Progress['extremes'],
  metrics: Progress['metrics'],
): Progress['extremes'] {
  const after = { ...extremes };
  for (const [name, value] of Object.entries(metrics)) {
    if (value === undefined || value === null) continue;
    const { least, greatest } = after[name] ?? { least: value, greatest: value };
    after[name] = { least: Math.min(least, value), greatest: Math.max(greatest, value) };
  }
  return after;
}
