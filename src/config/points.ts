/** The points of a config's grid: every combination of its values. */
import type { Path } from './diagnostic.ts';
import type { Grid, Scalar } from './grid.ts';
import { lastKey } from './keyPath.ts';
import { type Config, configSchema, gridPath } from './schema.ts';

/** Values by the paths of their settings: `{ 'optimizer.learningRate': 1e-5, batchSize: 16 }`; empty without a grid. */
export type Point = Readonly<Record<string, Scalar>>;

/** The last key varies fastest; keys are in the schema's order, however the config writes them. */
export function pointsOf({ grid = {} }: { readonly grid?: Grid | undefined }): Point[] {
  return Object.entries(grid).reduce<Point[]>(
    (points, [key, values]) =>
      points.flatMap((point) => values.map((value) => ({ ...point, [gridPath(key)]: value }))),
    [{}],
  );
}

/** How many points a grid has, without making them. */
export function countPoints({ grid = {} }: { readonly grid?: Grid | undefined }): number {
  return Object.values(grid).reduce((product, values) => product * values.length, 1);
}

/** "learningRate=1e-5 batchSize=16"; undefined for the one point of no grid. */
export function pointLabel(point: Point): string | undefined {
  const paths = Object.keys(point);
  if (paths.length === 0) return undefined;
  const lasts = paths.map(lastKey);
  return paths
    .map((path, i) => {
      const isUnique = lasts.indexOf(lasts[i]!) === lasts.lastIndexOf(lasts[i]!);
      return `${isUnique ? lasts[i] : path}=${formatScalar(point[path]!)}`;
    })
    .join(' ');
}

/** What a method is called at a point. */
export function labelAt(method: string, point: string | undefined): string {
  return point === undefined ? method : `${method} ${point}`;
}

/** The config with the point's values, as it would be written. */
export function writtenAt(config: Config, point: Point): unknown {
  const copy: Record<string, unknown> = structuredClone(config);
  for (const [path, value] of Object.entries(point)) {
    // A key of a program's own is no setting of the config.
    if (isSetting(path)) setAt(copy, path.split('.'), value);
  }
  return copy;
}

/** The config of the runs at a point. */
export function configAt(config: Config, point: Point): Config {
  return Object.keys(point).length === 0 ? config : configSchema.parse(writtenAt(config, point));
}

/** Where a point's value of a setting is written; null if the point does not say it, or what is above or below it. */
export function placeIn({ grid = {} }: Config, point: Point, path: Path): Path | null {
  const wanted = path.join('.');
  for (const [key, values] of Object.entries(grid)) {
    const setting = gridPath(key);
    if (setting === wanted || wanted.startsWith(`${setting}.`)) {
      return ['grid', key, values.indexOf(point[setting]!)];
    }
  }
  return null;
}

function isSetting(path: string): boolean {
  return path.split('.')[0]! in configSchema.shape;
}

function setAt(parent: Record<string, unknown>, [key, ...rest]: string[], value: Scalar): void {
  if (rest.length === 0) {
    parent[key!] = value;
    return;
  }
  const section = { ...Object(parent[key!]) };
  parent[key!] = section;
  setAt(section, rest, value);
}

/** As short as it can be: 1e-5, 0.002. */
function formatScalar(value: Scalar): string {
  const isTiny = typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3;
  return isTiny ? value.toExponential() : String(value);
}
