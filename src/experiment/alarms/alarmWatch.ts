/** The rules at work on one run: the same while it trains, over the log of any trainer, and in a bench. */
import { type AlarmCode, alarmCodes } from '../../config/alarms.ts';
import { configSchema } from '../../config/schema.ts';
import type { StepDiagnostics } from '../../engine/diagnoseStep.ts';
import { type Alarm, type RunAlarm, withAlarm } from '../../runs/alarms.ts';
import type { RunEvent, StepEvent, ValidationEvent } from '../../runs/events.ts';
import { diagnosticsOf, meanLoss } from '../../runs/facts.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import type { RunObserver } from '../../runs/runObserver.ts';
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

  /** @param derived of a step, if it is known already */
  observe(event: RunEvent, derived?: StepDiagnostics | null): Alarm[] {
    if (event.kind === 'step') {
      return this.#step(event, derived === undefined ? diagnosticsOf(event) : derived);
    }
    if (event.kind === 'validation') return this.#validation(event);
    return [];
  }

  #step(event: StepEvent, diagnostics: StepDiagnostics | null): Alarm[] {
    const loss = meanLoss(event);
    if (Number.isNaN(this.#firstLoss) && Number.isFinite(loss)) this.#firstLoss = loss;
    const step = { event, loss, firstLoss: this.#firstLoss, diagnostics };
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
export class AlarmLog {
  readonly #watch: AlarmWatch;
  #logged: readonly RunAlarm[] = [];
  #derived: readonly RunAlarm[] = [];

  constructor(manifest: RunManifest) {
    this.#watch = new AlarmWatch(manifest, offIn(manifest));
  }

  /** @param diagnostics of a step, if they are known already */
  add(event: RunEvent, diagnostics?: StepDiagnostics): void {
    if (event.kind === 'alarm') this.#logged = withAlarm(this.#logged, event);
    for (const alarm of this.#watch.observe(event, diagnostics)) {
      this.#derived = withAlarm(this.#derived, alarm);
    }
  }

  get alarms(): readonly RunAlarm[] {
    return this.#logged.length > 0 ? this.#logged : this.#derived;
  }
}

/** The rules that a config of this package turns off; another trainer's config is its own. */
function offIn({ config }: RunManifest): readonly AlarmCode[] {
  return configSchema.shape.alarms.safeParse(config.alarms).data?.off ?? [];
}
