/** The alarms of a run, as its log holds them. */
import type { AlarmEvent } from './events.ts';

/** An alarm before it is logged. */
export type Alarm = Untimed<AlarmEvent>;

type Untimed<E> = E extends unknown ? Omit<E, 'at' | 'kind'> : never;

/** An alarm from where it was raised to where it was over. */
export type RunAlarm = Omit<Extract<Alarm, { state: 'raised' }>, 'state'> & {
  /** The step at which it was over; null while it stands. */
  readonly clearedAt: number | null;
};

/** The alarms after one more event of the log. */
export function withAlarm(alarms: readonly RunAlarm[], event: Alarm): readonly RunAlarm[] {
  const { rule, step } = event;
  if (event.state === 'cleared') {
    return alarms.map((alarm) =>
      alarm.rule === rule && alarm.clearedAt === null ? { ...alarm, clearedAt: step } : alarm,
    );
  }
  const { message, figures, groups } = event;
  return [...alarms, { rule, step, message, figures, groups, clearedAt: null }];
}

/** Those that are not over. */
export function standingAlarms(alarms: readonly RunAlarm[]): RunAlarm[] {
  return alarms.filter(({ clearedAt }) => clearedAt === null);
}
