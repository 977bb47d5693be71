import type { LossShape } from '../../config/techniques/description.ts';
import { eachGroup, type SupervisedTask } from './loss.ts';

/** Outputs of a network, n×width row-major, and what they are measured against. */
export interface LossInputs {
  readonly task: SupervisedTask;
  readonly outputs: Float32Array;
  /** Classes, or 1. */
  readonly width: number;
  /** Class or value of each row. */
  readonly targets: ArrayLike<number>;
  /** Where each group's rows start, then n. */
  readonly bounds: readonly number[];
}

interface GroupLosses {
  /** Loss of each group. */
  readonly losses: number[];
  /** Of every row's own group's loss by its outputs, n×width. */
  readonly gradient: Float32Array;
}

/**
 * The loss that techniques make, group by group, and its gradient by the outputs; in float64, as outputs are few.
 *
 * Of a row with target y: z = s·(o − Δ_y[c = y]), p = softmax(z), q = (1 − ε)[c = y] + ε/C, and its loss is
 * βw_y(1 − p_y)^γ·(−Σ q_c log p_c), β as `harmony` counts it; for regression (o − y)². An example is one row, or two that follow each
 * other, which add α·¼(KL(p₁‖p₂) + KL(p₂‖p₁)) to the mean of their losses, p = softmax(o). A group's loss is (1/t)·log of the mean
 * of exp(tℓ) over its examples, or over the share of them with the highest loss; the mean of ℓ if t is 0.
 */
export function shapedLoss(shape: LossShape, inputs: LossInputs): GroupLosses {
  const { width, bounds, outputs } = inputs;
  const gradient = new Float32Array(outputs.length);
  const copies = shape.agreement === null ? 1 : 2;
  const factors = shape.regions === null ? null : harmony(shape, shape.regions, inputs);
  const losses = eachGroup(bounds, (start, end) => {
    const examples = Array.from({ length: (end - start) / copies }, (_, e) =>
      exampleLoss(shape, inputs, start + e * copies, copies, factors),
    );
    const kept = hardest(examples, Math.ceil(shape.kept * examples.length - 1e-9));
    const { value, shares } = tilted(
      kept.map(({ loss }) => loss),
      shape.tilt,
    );
    for (const [e, { first, derivatives }] of kept.entries()) {
      for (const [at, derivative] of derivatives.entries()) {
        gradient[first * width + at] = derivative * shares[e]!;
      }
    }
    return value;
  });
  return { losses, gradient };
}

interface ExampleLoss {
  readonly first: number;
  readonly loss: number;
  /** By the outputs of its rows, copies×width. */
  readonly derivatives: Float64Array;
}

/** In the order of the rows; of equal losses the first ones. */
function hardest(examples: readonly ExampleLoss[], count: number): readonly ExampleLoss[] {
  if (count >= examples.length) return examples;
  return examples.toSorted((a, b) => b.loss - a.loss).slice(0, count);
}

/** (1/t)·log of the mean of exp(tℓ), and its derivative by each ℓ; 0 of no losses. */
function tilted(losses: readonly number[], tilt: number): { value: number; shares: number[] } {
  const n = losses.length;
  if (tilt === 0 || n === 0) {
    const value = losses.reduce((sum, loss) => sum + loss, 0) / Math.max(n, 1);
    return { value, shares: losses.map(() => 1 / n) };
  }
  const logs = logSoftmax(losses.map((loss) => tilt * loss));
  const logMean = tilt * losses[0]! - logs[0]! - Math.log(n);
  return { value: logMean / tilt, shares: logs.map(Math.exp) };
}

/**
 * β of each row: N/(n·R) where 1 − p_y lies in a region of [0, 1] with R of the N rows, and n regions have rows (GHM-C, Li et al.
 * 2019, arXiv:1811.05181, as its authors compute it).
 */
function harmony(
  shape: LossShape,
  regions: number,
  { outputs, width, targets }: LossInputs,
): number[] {
  const rows = Array.from({ length: outputs.length / width }, (_, row) => {
    const target = targets[row]!;
    const logs = shapedLogs(shape, outputs.subarray(row * width, (row + 1) * width), target);
    return Math.min(regions - 1, Math.floor(restOf(logs, target) * regions));
  });
  const counts = new Map<number, number>();
  for (const region of rows) counts.set(region, (counts.get(region) ?? 0) + 1);
  return rows.map((region) => rows.length / (counts.size * counts.get(region)!));
}

/** @param factors of the rows; null: 1 */
function exampleLoss(
  shape: LossShape,
  { task, outputs, width, targets }: LossInputs,
  first: number,
  copies: number,
  factors: readonly number[] | null,
): ExampleLoss {
  const derivatives = new Float64Array(copies * width);
  const rows = Array.from({ length: copies }, (_, copy) =>
    outputs.subarray((first + copy) * width, (first + copy + 1) * width),
  );
  let loss = 0;
  for (const [copy, row] of rows.entries()) {
    const own = derivatives.subarray(copy * width, (copy + 1) * width);
    const target = targets[first + copy]!;
    loss +=
      (task === 'regression'
        ? squaredError(row, target, own)
        : classLoss(shape, row, target, own, factors?.[first + copy])) / copies;
  }
  for (const at of derivatives.keys()) derivatives[at]! /= copies;
  if (shape.agreement !== null) {
    loss += addDisagreement(rows[0]!, rows[1]!, shape.agreement / 4, derivatives);
  }
  return { first, loss, derivatives };
}

function squaredError(row: Float32Array, target: number, derivative: Float64Array): number {
  const difference = row[0]! - target;
  derivative[0] = 2 * difference;
  return difference ** 2;
}

/** @param derivative zeros, length C; overwritten */
function classLoss(
  shape: LossShape,
  row: Float32Array,
  target: number,
  derivative: Float64Array,
  factor = 1,
): number {
  const { smoothing, weights, scale, focus } = shape;
  const logs = shapedLogs(shape, row, target);
  const rest = restOf(logs, target);
  const probabilities = logs.map(Math.exp);
  const even = smoothing / logs.length;
  let entropy = 0;
  for (const [c, log] of logs.entries()) {
    const wanted = even + (c === target ? 1 - smoothing : 0);
    entropy -= wanted * log;
    derivative[c] = probabilities[c]! - wanted;
  }
  const weight = factor * (weights?.[target] ?? 1);
  const focused = rest ** focus;
  // (1 − p_y)^γ by z_c is −γ(1 − p_y)^(γ−1)·p_y([c = y] − p_c).
  const change =
    focus === 0 || rest === 0 ? 0 : focus * rest ** (focus - 1) * probabilities[target]! * entropy;
  for (const [c, probability] of probabilities.entries()) {
    const byFocus = change * (probability - (c === target ? 1 : 0));
    derivative[c] = weight * scale * (focused * derivative[c]! + byFocus);
  }
  return weight * focused * entropy;
}

/** log p of each class, from the outputs with margin and scale. */
function shapedLogs(
  { margins, scale }: LossShape,
  row: Float32Array,
  target: number,
): readonly number[] {
  const margin = margins?.[target] ?? 0;
  return logSoftmax(Array.from(row, (output, c) => scale * (output - (c === target ? margin : 0))));
}

/** 1 − p_y, also where p_y is nearly 1. */
function restOf(logs: readonly number[], target: number): number {
  return logs.reduce((sum, log, c) => (c === target ? sum : sum + Math.exp(log)), 0);
}

/** Adds c(KL(p‖q) + KL(q‖p)) to the derivatives of two rows; returns it. */
function addDisagreement(
  one: Float32Array,
  other: Float32Array,
  factor: number,
  derivatives: Float64Array,
): number {
  const [logP, logQ] = [logSoftmax(Array.from(one)), logSoftmax(Array.from(other))];
  const [p, q] = [logP.map(Math.exp), logQ.map(Math.exp)];
  const [pq, qp] = [divergence(p, logP, logQ), divergence(q, logQ, logP)];
  for (const c of p.keys()) {
    const difference = logP[c]! - logQ[c]!;
    derivatives[c]! += factor * (p[c]! * (difference - pq) + p[c]! - q[c]!);
    derivatives[p.length + c]! += factor * (q[c]! * (-difference - qp) + q[c]! - p[c]!);
  }
  return factor * (pq + qp);
}

/** KL(p‖q). */
function divergence(
  p: readonly number[],
  logP: readonly number[],
  logQ: readonly number[],
): number {
  return p.reduce((sum, value, c) => sum + value * (logP[c]! - logQ[c]!), 0);
}

function logSoftmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return logits.map((logit) => logit - largest - Math.log(total));
}
