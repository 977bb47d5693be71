import { createLogUpdate } from 'log-update';
import type { EngineClient } from '../../engine/client.ts';
import type { RunEvent, StepEvent, ValidatingEvent } from '../../runs/events.ts';
import { factsOf, meanLoss } from '../../runs/facts.ts';
import { formatCount, formatEvent, formatPercent } from '../../runs/format.ts';
import type { Loading } from '../../runs/loading.ts';
import type { Session } from '../../training/session.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';
import { TimeLeft } from './timeLeft.ts';
import { type ProgressView, titleOf } from './view.ts';

/** Often enough to look alive, rarely enough to cost nothing. */
const REDRAW_MS = 100;

/** For a terminal: one line that is redrawn, below lines that stay. */
export class TerminalView implements ProgressView {
  readonly #line = createLogUpdate(process.stderr);
  #drawnAt = 0;
  #engine: EngineClient | undefined;
  #left = new TimeLeft([]);
  #metric = '';
  #conflict = '';

  loading({ what, bytes }: Loading): void {
    // Loading without a size reports once: show it at once.
    if (!bytes) this.#drawnAt = 0;
    const share = bytes ? ` ${formatPercent(bytes.done / bytes.total)}` : '';
    this.#draw(() => `${what}${share}`);
  }

  created({ engine, device }: Session, runs: readonly TrainingRun[]): void {
    this.#engine = engine;
    this.#left = new TimeLeft(runs);
    this.note(`${formatCount(runs.length, 'run')} on ${device.name}`);
  }

  event(run: TrainingRun, event: RunEvent): void {
    switch (event.kind) {
      case 'start':
        this.#metric = '';
        break;
      case 'step':
        this.#left.step();
        this.#draw(() => this.#stepLine(run, event));
        break;
      case 'validating':
        this.#draw(() => this.#validatingLine(run, event));
        break;
      case 'validation': {
        const { name } = run.manifest.metric;
        this.#metric = `${name} ${event.metrics[name]?.toPrecision(3) ?? 'NaN'}`;
        break;
      }
      case 'warning':
      case 'alarm':
        this.note(`${titleOf(run)}: ${formatEvent(event)}`);
        break;
      case 'end':
        this.note(`${titleOf(run)}: ${formatEvent(event)}${this.#metric && `, ${this.#metric}`}`);
        break;
      case 'checkpoint':
        break;
    }
  }

  note(text: string): void {
    this.#line.persist(text);
  }

  close(): void {
    this.#line.clear();
    this.#line.done();
  }

  #draw(text: () => string): void {
    const now = performance.now();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#line(text());
  }

  #stepLine(run: TrainingRun, event: StepEvent): string {
    this.#measureConflict(event);
    return this.#joined(run, [
      `step ${event.step}/${run.manifest.steps}`,
      `loss ${meanLoss(event).toPrecision(3)}`,
      this.#metric,
      `${this.#left.rate.toPrecision(3)} steps/s`,
      `ETA ${this.#left.after(run, event.step)}`,
      this.#conflict,
    ]);
  }

  #validatingLine(run: TrainingRun, { step, done }: ValidatingEvent): string {
    return this.#joined(run, [
      `step ${step}/${run.manifest.steps}`,
      this.#metric,
      `validating ${formatPercent(done)}`,
    ]);
  }

  #joined(run: TrainingRun, parts: readonly string[]): string {
    return [`run ${this.#left.placeOf(run)}`, titleOf(run), ...parts].filter(Boolean).join(' · ');
  }

  /** Asynchronous: the result appears when the line is next drawn. */
  #measureConflict(event: StepEvent): void {
    this.#engine?.diagnose([factsOf(event)]).then(
      ([diagnostics]) => {
        const rate = diagnostics!.conflictRate;
        this.#conflict = rate === null ? '' : `conflict ${Math.round(100 * rate)} %`;
      },
      // The engine was closed, or has failed: the trainer reports that.
      () => {},
    );
  }
}
