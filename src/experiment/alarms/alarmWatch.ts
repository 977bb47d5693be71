/** The rules at work on one run: the same while it trains, over the log of any trainer, and in a bench. */
import { type AlarmCode, alarmCodes } from '../../config/alarms.ts';
import { type RunAlarm, withAlarm } from '../../runs/alarms.ts';
import type { AlarmEvent, RunEvent, StepEvent, ValidationEvent } from '../../runs/events.ts';
import { diagnosticsOf, meanLoss } from '../../runs/facts.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import type { Alarm, RunObserver } from '../../runs/runLog.ts';
import type { Judgement, Watch } from './rule.ts';
import { rules } from './rules.ts';

interface WatchedRule {
  readonly rule: AlarmCode;
  readonly watch: Watch;
  stands: boolean;
}

/** Folds the events of a run: an alarm is raised once where its condition begins, and cleared where it ends. */
export class AlarmWatch implements RunObserver {
  readonly #rules: readonly WatchedRule[];
  #firstLoss = Number.NaN;

  /** @param off rules that are not applied */
  constructor(manifest: RunManifest, off: readonly AlarmCode[] = []) {
    this.#rules = alarmCodes.flatMap((rule) => {
      const watch = off.includes(rule) ? null : rules[rule].watch(manifest);
      return watch ? [{ rule, watch, stands: false }] : [];
    });
  }

  observe(event: RunEvent): Alarm[] {
    if (event.kind === 'step') return this.#step(event);
    if (event.kind === 'validation') return this.#validation(event);
    return [];
  }

  #step(event: StepEvent): Alarm[] {
    const loss = meanLoss(event);
    if (Number.isNaN(this.#firstLoss) && Number.isFinite(loss)) this.#firstLoss = loss;
    const step = { event, loss, firstLoss: this.#firstLoss, diagnostics: diagnosticsOf(event) };
    return this.#judge(event.step, (watch) => watch.step?.(step));
  }

  #validation(event: ValidationEvent): Alarm[] {
    return this.#judge(event.step, (watch) => watch.validation?.(event));
  }

  #judge(step: number, judge: (watch: Watch) => Judgement): Alarm[] {
    return this.#rules.flatMap((watched): Alarm[] => {
      const found = judge(watched.watch);
      if (found === undefined || (found !== null) === watched.stands) return [];
      watched.stands = found !== null;
      const { rule } = watched;
      return [found ? { rule, step, state: 'raised', ...found } : { rule, step, state: 'cleared' }];
    });
  }
}

/** The alarms of a log: those that its trainer logged or, where it logged none, those that follow from its facts. */
export function alarmsOf(manifest: RunManifest, events: readonly RunEvent[]): readonly RunAlarm[] {
  const logged = events.filter((event) => event.kind === 'alarm');
  const watch = new AlarmWatch(manifest);
  const all: readonly Alarm[] =
    logged.length > 0 ? logged : events.flatMap((event) => watch.observe(event));
  return all.reduce<readonly RunAlarm[]>(
    (alarms, alarm) => withAlarm(alarms, { kind: 'alarm', at: 0, ...alarm } as AlarmEvent),
    [],
  );
}
