/** Numbers and names as people read them. */
import type { RunHeader } from '../src/extension/messages/run.ts';

type StepsDone = Pick<RunHeader, 'step' | 'steps' | 'validating'>;

const minus = (text: string): string => text.replaceAll('-', '−');
const missing = '–';

/** At most three significant digits, for axes and factors: "0.5", "0.123", "10,700". */
export function short(value: number | null): string {
  const text = significant(value, 3);
  return /^−?\d{4,}$/.test(text) ? grouped(Number(value!.toPrecision(3))) : text;
}

/** Three significant digits, so that figures that change or stand below each other have as many: "0.820", "1.00". */
export function figure(value: number | null): string {
  const size = Math.abs(value ?? 0);
  return size >= 1e-4 && size < 100 ? minus(value!.toPrecision(3)) : short(value);
}

/** Six significant digits, for tooltips and tables. */
export function exact(value: number | null): string {
  return significant(value, 6);
}

/** "12,500": of counts. */
export function grouped(value: number): string {
  return minus(value.toLocaleString('en', { maximumSignificantDigits: 12 }));
}

/** "15K": of large numbers where there is little room. */
export function abbreviated(value: number): string {
  return minus(value.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 3 }));
}

/** 0…1 as a percentage with one decimal; none and all without. */
export function percent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return missing;
  return `${share === 0 || share === 1 ? 100 * share : (100 * share).toFixed(1)} %`;
}

/** 0…1 as a percentage with at most one decimal, for axes. */
export function percentTick(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

/** "step 40 / 200", or "step 40 / 200, validating 45 %" while that takes long. */
export function stepsDone({ step, steps, validating }: StepsDone): string {
  const doing = validating === null ? '' : `, validating ${Math.floor(100 * validating)} %`;
  return `step ${grouped(step)} / ${grouped(steps)}${doing}`;
}

/** "1 h 5 min", "4 min 10 s", "8 s". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return `${h} h ${min} min`;
  return min > 0 ? `${min} min ${s} s` : `${s} s`;
}

/** "81.2 MiB" */
export function mebibytes(bytes: number): string {
  return `${figure(bytes / 2 ** 20)} MiB`;
}

export function gibibytes(bytes: number): string {
  return `${figure(bytes / 2 ** 30)} GiB`;
}

/** For values whose order of magnitude matters: one digit and a power of ten if small. */
export function magnitude(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return missing;
  if (value === 0 || Math.abs(value) >= 1e-3) return significant(value, 2);
  return minus(value.toExponential(0));
}

/** Shortens a long name in its middle: names of groups often differ at their end. */
export function shorten(name: string, length: number): string {
  if (name.length <= length) return name;
  const tail = Math.floor((length - 1) / 2);
  const head = length - 1 - tail;
  return `${name.slice(0, head)}…${tail > 0 ? name.slice(-tail) : ''}`;
}

/** A mean with its standard deviation, both to two significant digits of the latter. */
export function withSpread(mean: number, std: number | null): string {
  const text = decimalsOf(std);
  return std === null ? text(mean) : `${text(mean)} ± ${text(std)}`;
}

/** The common start of all names, up to and including the last separator; may be empty. */
export function commonStart(names: readonly string[]): string {
  const [first = '', ...others] = names;
  let length = first.length;
  for (const name of others) {
    while (!name.startsWith(first.slice(0, length))) length--;
  }
  const start = /^.*[\s:_-]/.exec(others.length === 0 ? '' : first.slice(0, length))?.[0] ?? '';
  return names.some((name) => name === start) ? '' : start;
}

/** Formats numbers to two significant digits of a standard deviation. */
export function decimalsOf(std: number | null): (value: number) => string {
  if (std === null || !(std > 0) || !Number.isFinite(std)) return short;
  const decimals = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(std))));
  return (value) => minus(value.toFixed(decimals));
}

export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** What a chart draws of its steps; empty if it draws each. */
export function bucketed(bucket: number): string {
  return bucket === 1 ? '' : `Line: mean of ${grouped(bucket)} steps; behind it, their range.`;
}

export function averaged(bucket: number): string {
  return bucket === 1 ? '' : `Each point is the mean of ${grouped(bucket)} steps.`;
}

function significant(value: number | null, digits: number): string {
  if (value === null || !Number.isFinite(value)) return missing;
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (rounded !== 0 && (size < 1e-4 || size >= 1e6)) {
    const [mantissa = '', exponent] = rounded.toExponential().split('e');
    return minus(`${mantissa}e${Number(exponent)}`);
  }
  return minus(String(rounded));
}
