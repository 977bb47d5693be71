import { createLogUpdate } from 'log-update';
import type { RunTrainer } from '../../experiment/runTrainer.ts';
import type { RunEvent, StepEvent, ValidatingEvent } from '../../runs/events.ts';
import { diagnosticsOf, meanLoss } from '../../runs/facts.ts';
import { formatCount, formatEvent, formatPercent } from '../../runs/format.ts';
import type { Loading } from '../../runs/loading.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';
import { TimeLeft } from './timeLeft.ts';
import { type ProgressView, titleOf } from './view.ts';

/** Often enough to look alive, rarely enough to cost nothing. */
const REDRAW_MS = 100;

/** A run that is being trained. */
interface Active {
  readonly metric: string;
  readonly line: string;
}

/** For a terminal: a line for each run that is being trained, redrawn below lines that stay. */
export class TerminalView implements ProgressView {
  readonly #lines = createLogUpdate(process.stderr);
  readonly #active = new Map<TrainingRun, Active>();
  #drawnAt = 0;
  #left = new TimeLeft([]);

  loading({ what, bytes }: Loading): void {
    // Loading without a size reports once: show it at once.
    if (!bytes) this.#drawnAt = 0;
    const share = bytes ? ` ${formatPercent(bytes.done / bytes.total)}` : '';
    this.#draw(() => `${what}${share}`);
  }

  created({ device }: RunTrainer, runs: readonly TrainingRun[]): void {
    this.#left = new TimeLeft(runs);
    this.note(`${formatCount(runs.length, 'run')} on ${device.name}`);
  }

  event(run: TrainingRun, event: RunEvent): void {
    this.#left.add(run, event);
    const metric = this.#active.get(run)?.metric ?? '';
    switch (event.kind) {
      case 'start':
        this.#active.set(run, { metric: '', line: '' });
        break;
      case 'step':
        this.#draw(() => this.#withLine(run, metric, stepParts(run, event)));
        break;
      case 'validating':
        this.#draw(() => this.#withLine(run, metric, validatingParts(run, event)));
        break;
      case 'validation': {
        const { name } = run.manifest.metric;
        const value = event.metrics[name]?.toPrecision(3) ?? 'NaN';
        const line = this.#active.get(run)?.line ?? '';
        this.#active.set(run, { metric: `${name} ${value}`, line });
        break;
      }
      case 'warning':
      case 'alarm':
        this.note(`${titleOf(run)}: ${formatEvent(event)}`);
        break;
      case 'end':
        this.#active.delete(run);
        this.note(`${titleOf(run)}: ${formatEvent(event)}${metric && `, ${metric}`}`);
        break;
      case 'checkpoint':
        break;
    }
  }

  note(text: string): void {
    this.#lines.persist(text);
  }

  close(): void {
    this.#lines.clear();
    this.#lines.done();
  }

  #draw(text: () => string): void {
    const now = performance.now();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#lines(text());
  }

  /** The lines of all runs that are being trained, after that of one has changed. */
  #withLine(run: TrainingRun, metric: string, parts: readonly string[]): string {
    const line = [`run ${this.#left.placeOf(run)}`, titleOf(run), metric, ...parts];
    this.#active.set(run, { metric, line: line.filter(Boolean).join(' · ') });
    const lines = [...this.#active.values()].map(({ line }) => line).filter(Boolean);
    const { rate, left, done } = this.#left;
    const whole = left === null ? '' : `${rate.toPrecision(3)} steps/s · ETA ${left}`;
    if (lines.length === 1) return [lines[0], whole].filter(Boolean).join(' · ');
    return [...lines, [done, whole].filter(Boolean).join(' · ')].join('\n');
  }
}

function stepParts(run: TrainingRun, event: StepEvent): string[] {
  const conflict = diagnosticsOf(event)?.conflictRate ?? null;
  return [
    `step ${event.step}/${run.manifest.steps}`,
    `loss ${meanLoss(event).toPrecision(3)}`,
    conflict === null ? '' : `conflict ${Math.round(100 * conflict)} %`,
  ];
}

function validatingParts(run: TrainingRun, { step, done }: ValidatingEvent): string[] {
  return [`step ${step}/${run.manifest.steps}`, `validating ${formatPercent(done)}`];
}
