const BLOCKS = '▁▂▃▄▅▆▇█';

/** Most letters of a sparkline. */
const MOST = 8;

/** Fewest letters from which a course can be read. */
const LEAST = 3;

/**
 * Values as blocks of eight heights, from the least to the greatest: "▁▄▆▇█"; empty for fewer than two.
 * @param room letters that there is room for; too few for a course leave it out
 */
export function sparkline(values: readonly number[], room = MOST): string {
  const most = Math.min(MOST, Math.floor(room));
  if (values.length < 2 || most < LEAST) return '';
  const stride = Math.max(1, (values.length - 1) / (most - 1));
  const count = Math.min(most, values.length);
  const drawn = Array.from({ length: count }, (_, i) => values[Math.round(i * stride)]!);
  const [least, greatest] = [Math.min(...drawn), Math.max(...drawn)];
  const height = (value: number) =>
    greatest === least ? 0.5 : (value - least) / (greatest - least);
  return drawn.map((value) => BLOCKS[Math.round(height(value) * (BLOCKS.length - 1))]).join('');
}
