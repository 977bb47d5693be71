const BLOCKS = '▁▂▃▄▅▆▇█';

/** Most letters of a sparkline. */
const MOST = 8;

/** Values as blocks of eight heights, from the least to the greatest: "▁▄▆▇█"; empty for fewer than two. */
export function sparkline(values: readonly number[]): string {
  if (values.length < 2) return '';
  const stride = Math.max(1, (values.length - 1) / (MOST - 1));
  const count = Math.min(MOST, values.length);
  const drawn = Array.from({ length: count }, (_, i) => values[Math.round(i * stride)]!);
  const [least, greatest] = [Math.min(...drawn), Math.max(...drawn)];
  const height = (value: number) =>
    greatest === least ? 0.5 : (value - least) / (greatest - least);
  return drawn.map((value) => BLOCKS[Math.round(height(value) * (BLOCKS.length - 1))]).join('');
}
