/** Performance profiles: for each method the share of its runs that end better than each threshold, as steps in a band. */
import type { FullReport } from '../fullReport.ts';
import { axesOf, dashOf, HEIGHT, lineOf, WIDTH } from './axes.ts';
import { shape, svg } from './svg.ts';

type Profile = FullReport['performanceProfiles'][number];

/** @returns `null` where there is a single value to be above */
export function profilesFigure(
  {
    performanceProfiles,
    findings,
  }: Pick<FullReport, 'performanceProfiles'> & {
    readonly findings: Pick<FullReport['findings'], 'metric' | 'better'>;
  },
  slotOf: (method: string) => number,
): string | null {
  const { metric, better } = findings;
  const thresholds = performanceProfiles.flatMap(({ points }) =>
    points.flatMap(({ threshold }) => threshold ?? []),
  );
  const [low, high] = [Math.min(...thresholds), Math.max(...thresholds)];
  if (!(low < high)) return null;
  const margin = 0.03 * (high - low);
  const bounds = [low - margin, high + margin] as const;
  const worstFirst = better === 'lower' ? [bounds[1], bounds[0]] : bounds;
  const axes = axesOf(bounds, [0, 100], `threshold of ${metric}`, (text) => `${text} %`);
  const steps = (points: Profile['points'], of: 'share' | 'low' | 'high') =>
    stepsOf(points, of, worstFirst[0]!, worstFirst[1]!).map(([threshold, share]) => [
      axes.x(threshold),
      axes.y(100 * share),
    ]);
  const parts = performanceProfiles.flatMap(({ method, points }, row) => {
    const slot = `slot${slotOf(method)}`;
    const band = `${lineOf([...steps(points, 'high'), ...steps(points, 'low').reverse()])}Z`;
    return [
      shape('path', { class: `band ${slot}`, d: band }),
      shape(
        'path',
        {
          class: `line ${slot}`,
          d: lineOf(steps(points, 'share')),
          'stroke-dasharray': dashOf(row),
        },
        method,
      ),
    ];
  });
  const name = `Share of the runs better than a threshold of ${metric}, by method`;
  return svg(WIDTH, HEIGHT, name, [...axes.parts, ...parts]);
}

/** Corners of the steps, from before the worst threshold to after the best. */
function stepsOf(
  points: Profile['points'],
  of: 'share' | 'low' | 'high',
  start: number,
  end: number,
): [threshold: number, share: number][] {
  return points.flatMap((point, i) => [
    [point.threshold ?? start, point[of]],
    [points[i + 1]?.threshold ?? end, point[of]],
  ]);
}
