import type { RunChoice, RunHeader } from '../src/extension/messages/run.ts';
import { AlarmList, hasStanding, spokenAlarms } from './alarmList.ts';
import { markAlarms } from './charts/alarmMarks.ts';
import { Badge, type Tone } from './controls/badge.ts';
import { ChoiceList } from './controls/toolkit.ts';
import { h, setText } from './dom.ts';
import { stepsDone } from './format.ts';

/** The run that is shown, its progress, and a list to choose another one. */
export class RunTitle {
  readonly element: HTMLElement;
  readonly #chooser: ChoiceList;
  readonly #name = h('h1');
  readonly #status = new Badge();
  readonly #steps = h('span', { class: 'steps' });
  readonly #pace = h('span', { class: 'pace' });
  readonly #alarms = new AlarmList();
  readonly #progress = h('progress', { 'aria-label': 'Steps done' });

  constructor(onSelect: (runId: string) => void) {
    this.#chooser = new ChoiceList('Run', onSelect);
    this.element = h(
      'header',
      { class: 'run-title' },
      this.#chooser.element,
      h('div', { class: 'run-name' }, this.#name, this.#status.element),
      h('div', { class: 'run-progress' }, this.#progress, this.#steps, this.#pace),
      this.#alarms.element,
    );
  }

  show(run: RunHeader, choices: readonly RunChoice[]): void {
    const listed = choices.some(({ id }) => id === run.id);
    this.#chooser.show(
      listed ? choices : [{ id: run.id, label: runName(run) }, ...choices],
      run.id,
    );
    this.update(run);
  }

  update(run: RunHeader): void {
    this.element.dataset.runId = run.id;
    setText(this.#name, runName(run));
    this.#status.show(statusText(run), toneOf(run));
    this.#alarms.show(run.alarms);
    markAlarms(run.alarms.map(({ step }) => step));
    setText(this.#steps, stepsDone(run));
    this.#progress.max = Math.max(1, run.steps);
    this.#progress.value = run.step;
  }

  /** How fast the run is; empty if that is not known. */
  pace(text: string): void {
    setText(this.#pace, text);
    this.#pace.hidden = text === '';
  }
}

/** "digits · grain · seed 3" */
export function runName({ experiment, aggregator, seed }: RunHeader): string {
  return `${experiment} · ${aggregator} · ${/^\d/.test(seed) ? `seed ${seed}` : seed}`;
}

/** What a screen reader says of a run, before the panel's key figures. */
export function spokenRun(run: RunHeader): string {
  const said = `${runName(run)}, ${statusText(run)}, ${stepsDone(run)}`;
  return [said, spokenAlarms(run.alarms)].filter(Boolean).join('. ');
}

function statusText({ status, alarms }: RunHeader): string {
  return hasStanding(alarms) ? `${status}, with an alarm` : status;
}

function toneOf({ status, alarms }: RunHeader): Tone {
  if (status === 'failed' || status === 'interrupted') return 'bad';
  if (hasStanding(alarms)) return 'warning';
  return status === 'finished' ? 'good' : 'neutral';
}
