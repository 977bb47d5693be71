import type { Labels } from './dataset.ts';

/** Gives each text the index of its place among all texts that occur. */
export function toLabels(texts: readonly string[]): Labels {
  const names = [...new Set(texts)].sort(inOrder(texts));
  const indexOf = new Map(names.map((name, index) => [name, index]));
  return { names, indices: Int32Array.from(texts, (text) => indexOf.get(text)!) };
}

function inOrder(texts: readonly string[]): (a: string, b: string) => number {
  const areNumbers = texts.every((text) => text.trim() !== '' && Number.isFinite(Number(text)));
  return areNumbers ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : Number(a > b));
}
