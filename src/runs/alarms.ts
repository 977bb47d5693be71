/** The alarms of a run, as its log holds them. */
import * as z from 'zod';
import type { DeepReadonly } from './deepReadonly.ts';
import type { AlarmEvent } from './events.ts';

/** An alarm before it is logged. */
export type Alarm = Untimed<AlarmEvent>;

type Untimed<E> = E extends unknown ? Omit<E, 'at' | 'kind'> : never;

export const runAlarmSchema = z.object({
  rule: z.string(),
  step: z.number(),
  message: z.string(),
  figures: z.record(z.string(), z.number().nullable()),
  /** Indices of the groups concerned. */
  groups: z.array(z.number()),
  /** The step at which it was over; null while it stands. */
  clearedAt: z.number().nullable(),
});

/** An alarm from where it was raised to where it was over. */
export type RunAlarm = DeepReadonly<z.infer<typeof runAlarmSchema>>;

/** Of the alarms that are over, so many are remembered: a rule may raise and clear one over and over. */
const MOST_PAST = 200;

/** The alarms after one more event of the log: those that stand, and the last that are over. */
export function withAlarm(alarms: readonly RunAlarm[], event: Alarm): readonly RunAlarm[] {
  const { rule, step } = event;
  if (event.state === 'cleared') {
    return alarms.map((alarm) =>
      alarm.rule === rule && alarm.clearedAt === null ? { ...alarm, clearedAt: step } : alarm,
    );
  }
  const { message, figures, groups } = event;
  const past = alarms.filter(({ clearedAt }) => clearedAt !== null);
  const forgotten = past.length > MOST_PAST ? past[0] : undefined;
  const remembered = alarms.filter((alarm) => alarm !== forgotten);
  return [...remembered, { rule, step, message, figures, groups, clearedAt: null }];
}

/** Those that are not over. */
export function standingAlarms(alarms: readonly RunAlarm[]): RunAlarm[] {
  return alarms.filter(({ clearedAt }) => clearedAt === null);
}
