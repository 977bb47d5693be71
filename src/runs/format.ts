/** Short texts about runs, the same everywhere. */

import { type RunAlarm, standingAlarms } from './alarms.ts';
import type { RunEvent } from './events.ts';
import { formatFailure } from './failure.ts';
import type { Loading } from './loading.ts';
import type { RunManifest, Seed } from './manifest.ts';
import type { RunStatus } from './status.ts';
import type { RunSummary } from './store.ts';

/** "3", or "init 3 · order 1" where they differ, or "init 3 · order 1 · split 0". */
export function formatSeed({ init, order, split }: Seed): string {
  if (split !== undefined) return `init ${init} · order ${order} · split ${split}`;
  return init === order ? String(init) : `init ${init} · order ${order}`;
}

/** As part of a run id: "seed3", "init3-order1", "init3-order1-split0". */
export function seedSlug({ init, order, split }: Seed): string {
  if (split !== undefined) return `init${init}-order${order}-split${split}`;
  return init === order ? `seed${init}` : `init${init}-order${order}`;
}

/** "digits · grain · seed 3". */
export function formatRun(manifest: RunManifest): string {
  return `${manifest.experiment.name} · ${formatMethod(manifest)}`;
}

/** "digits · grain · seed 3", "4 runs of digits", "6 runs of digits and rte". @param runs at least one */
export function runsTold(runs: readonly RunManifest[]): string {
  if (runs.length === 1) return formatRun(runs[0]!);
  const names = [...new Set(runs.map(({ experiment }) => experiment.name))];
  return `${runs.length} runs of ${names.length > 3 ? `${names.length} configs` : formatList(names)}`;
}

/** "grain · seed 3": a run among those of its experiment. */
export function formatMethod({ aggregator, seed }: RunManifest): string {
  return `${aggregator} · seed ${formatSeed(seed)}`;
}

/** @param at milliseconds since the Unix epoch @param withSeconds where times of one minute are to be told apart */
export function formatTime(at: number, locale: string, withSeconds = false): string {
  return new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds && { second: '2-digit' }),
    hourCycle: 'h23',
  }).format(at);
}

/** "1 h 5 min", "4 min 10 s", "8 s"; "0 s" for a negative one, as between the clocks of two machines. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) return `${h} h ${min} min`;
  return min > 0 ? `${min} min ${s} s` : `${s} s`;
}

/** "accuracy 0.934"; empty before the first validation. */
export function formatMetric({ lastMetric }: RunSummary): string {
  return lastMetric ? `${lastMetric.name} ${formatFigure(lastMetric.value)}` : '';
}

/** "accuracy 0.934 (best 0.941)"; without the best where that is the last. */
export function formatLastAndBest(run: RunSummary): string {
  const [last, best] = [formatMetric(run), run.bestMetric];
  if (last === '' || best === null || best === run.lastMetric?.value) return last;
  return `${last} (best ${formatFigure(best)})`;
}

/** With three significant digits, so that figures below each other have as many: "0.820", "1.00". */
function formatFigure(value: number): string {
  const size = Math.abs(value);
  return size >= 1e-4 && size < 100 ? value.toPrecision(3) : formatNumber(value);
}

/** With so many significant digits: "0.934", "1.2e-7", "NaN"; "–" where there is no value. */
export function formatNumber(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return '–';
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);
}

/** "finished", or "finished, with an alarm (exploding-loss)" while alarms stand. */
export function formatStatus(status: RunStatus, alarms: readonly RunAlarm[]): string {
  const rules = [...new Set(standingAlarms(alarms).map(({ rule }) => rule))];
  if (rules.length === 0) return status;
  const what = rules.length === 1 ? 'an alarm' : `${rules.length} alarms`;
  return `${status}, with ${what} (${rules.join(', ')})`;
}

/** "step 12: The loss …"; with " Over at step 40." where it is. */
export function formatAlarm({ step, message, clearedAt }: RunAlarm): string {
  const over = clearedAt === null ? '' : ` Over at step ${clearedAt}.`;
  return `step ${step}: ${message}${over}`;
}

/** How far something is: "45 %". @param share 0…1 */
export function formatPercent(share: number): string {
  return `${Math.floor(100 * share)} %`;
}

/** "44 %", "0.7 %", "< 0.1 %": a count as a share; 0 % and 100 % stand for none and all. @param of above 0 */
export function formatShare(count: number, of: number): string {
  const percent = (100 * count) / of;
  if (count > 0 && percent < 0.1) return '< 0.1 %';
  if (count < of && percent > 99) return '> 99 %';
  return `${Number(percent.toFixed(percent < 10 ? 1 : 0))} %`;
}

/** "downloading model.safetensors, 45 % of 538 MB", "loading the model". */
export function formatLoading({ what, bytes }: Loading): string {
  if (!bytes) return what;
  return `${what}, ${formatPercent(bytes.done / bytes.total)} of ${formatBytes(bytes.total)}`;
}

/** "538 MB", "1.1 GB": in powers of 1000, as on the Hub. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** "40/200", or "40/200, validating 45 %" during a long validation; empty for a program of which no steps are known. */
export function formatProgress({ step, manifest, validating }: RunSummary): string {
  if (manifest.steps === 0) return step === 0 ? '' : `step ${step}`;
  const doing = validating === null ? '' : `, validating ${formatPercent(validating)}`;
  return `${step}/${manifest.steps}${doing}`;
}

/** A run that has logged nothing for so long is shown as silent; steps of large models take seconds. */
const PAUSE_MS = 15_000;

/** As `formatProgress`, or "40/200 for 1 min 20 s" if nothing has been logged for a while. */
export function formatLiveProgress(run: RunSummary, now: number): string {
  const since = run.status === 'running' ? run.changedAt : null;
  const pause = since !== null && now - since >= PAUSE_MS ? now - since : 0;
  return pause > 0 ? `${formatProgress(run)} for ${formatDuration(pause)}` : formatProgress(run);
}

/** "3 runs". */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** An event of a log as a line for people; null for steps. */
export function formatEvent(event: RunEvent): string | null {
  switch (event.kind) {
    case 'start':
      return event.fromStep === 0 ? 'started' : `resumed from step ${event.fromStep}`;
    case 'step':
      return null;
    case 'validating':
      return `step ${event.step}: validating, ${formatPercent(event.done)} done`;
    case 'validation': {
      const metrics = Object.entries(event.metrics).map(
        ([name, value]) => `${name} ${formatNumber(value ?? Number.NaN, 4)}`,
      );
      return `step ${event.step}: ${metrics.join(', ')}`;
    }
    case 'checkpoint':
      return `step ${event.step}: saved ${event.path}${event.best ? ', the best so far' : ''}`;
    case 'warning':
      return `step ${event.step}: warning: ${event.message}`;
    case 'alarm':
      return event.state === 'raised'
        ? `step ${event.step}: alarm (${event.rule}): ${event.message}`
        : `step ${event.step}: alarm ${event.rule} is over`;
    case 'end': {
      const reason = event.status === 'failed' ? `: ${formatFailure(event.failure)}` : '';
      return `${event.status} at step ${event.step}${reason}`;
    }
  }
}

/** "a", "a and b", "a, b and c". */
export function formatList(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
