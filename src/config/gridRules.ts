/** What is wrong with a grid, and with the config at its points. */
import { alternatives, type Finding, firstFew, nearest, type Path } from './diagnostic.ts';
import { findingsOf } from './issues.ts';
import { countPoints, type Point, placeIn, pointLabel, pointsOf, writtenAt } from './points.ts';
import { type Config, configSchema, gridKeys, gridPath } from './schema.ts';

/** More points than that are a slip of the pen. */
const MOST_POINTS = 1000;
/** In the name of a run's folder, beside experiment, method and seed. */
const LONGEST_LABEL = 120;
/** What runs differ in anyway. */
const OF_RUN = ['seed', 'init', 'order', 'split', 'aggregator'];

/** @param rulesAt what is wrong with the config at a point; of the values there only the schema is checked before */
export function gridFindings(
  config: Config,
  isWritten: (path: Path) => boolean,
  rulesAt: (config: Config, isWritten: (path: Path) => boolean) => Finding[],
): Finding[] {
  const own = [...unknownKeys(config), ...repeatedSettings(config), ...tunesToo(config)];
  if (own.length > 0) return own;
  const points = pointsOf(config);
  const all = points.map((point) => findingsAt(config, point, isWritten, rulesAt));
  const found = new Map<string, { finding: Finding; points: number; first: Point }>();
  for (const [i, findings] of all.entries()) {
    for (const finding of findings) {
      const key = JSON.stringify([finding.path, finding.message]);
      const known = found.get(key);
      if (known) known.points++;
      else found.set(key, { finding, points: 1, first: points[i]! });
    }
  }
  return [...found.values()].map(({ finding, points: count, first }) =>
    count === points.length
      ? finding
      : { ...finding, message: `${finding.message} (at ${pointLabel(first)})` },
  );
}

/** Findings about a value of the point are findings about the grid. */
function findingsAt(
  config: Config,
  point: Point,
  isWritten: (path: Path) => boolean,
  rulesAt: (config: Config, isWritten: (path: Path) => boolean) => Finding[],
): Finding[] {
  const written = writtenAt(config, point);
  const parsed = configSchema.safeParse(written);
  const findings = parsed.success
    ? rulesAt(parsed.data, (path) => placeIn(config, point, path) !== null || isWritten(path))
    : findingsOf(parsed.error.issues, written);
  return findings.map(({ suggestion, ...finding }) => {
    const place = placeIn(config, point, finding.path);
    return place ? { ...finding, path: place, isKey: false } : { ...finding, suggestion };
  });
}

function unknownKeys({ grid = {}, program }: Config): Finding[] {
  return Object.keys(grid).flatMap((key): Finding[] => {
    if (gridKeys.includes(key)) return [];
    const [top] = key.split('.');
    const isOfConfig = top! in configSchema.shape || OF_RUN.includes(key);
    if (program !== undefined && !isOfConfig) return [];
    const settings = Object.keys(configSchema.shape.optimizer.unwrap().shape);
    return [
      {
        path: ['grid', key],
        isKey: true,
        message: isOfConfig ? `${key} does not vary in a grid` : `there is no setting "${key}"`,
        expected: `settings of a step or a network, such as ${firstFew(['batchSize', 'model.dropout', ...settings.slice(1, 4)])}`,
        suggestion: nearest(key, gridKeys),
      },
    ];
  });
}

/** Each setting and each of its values once, and not too many together. */
function repeatedSettings(config: Config): Finding[] {
  const grid = config.grid ?? {};
  const settings = Object.keys(grid).map(gridPath);
  const keys = Object.keys(grid).flatMap((key, i): Finding[] =>
    settings.indexOf(settings[i]!) === i
      ? []
      : [
          {
            path: ['grid', key],
            isKey: true,
            message: `${settings[i]} varies twice`,
            expected: 'each setting once',
          },
        ],
  );
  const values = Object.entries(grid).flatMap(([key, values]) => {
    // Of the names of folders, which tell neither cases nor signs apart everywhere.
    const names = values.map((value) =>
      String(value)
        .toLowerCase()
        .replaceAll(/[^\w.+-]+/g, '-'),
    );
    return names.flatMap((name, i): Finding[] =>
      names.indexOf(name) === i
        ? []
        : [
            {
              path: ['grid', key, i],
              message: `${values[i]} is repeated`,
              expected: 'each value once',
            },
          ],
    );
  });
  return [...keys, ...values, ...sizes(config)];
}

function sizes(config: Config): Finding[] {
  const count = countPoints(config);
  if (count > MOST_POINTS) {
    return [
      {
        path: ['grid'],
        isKey: true,
        message: `grid has ${count.toLocaleString('en')} points`,
        expected: `at most ${MOST_POINTS.toLocaleString('en')}`,
      },
    ];
  }
  const longest = pointsOf(config).find((point) => pointLabel(point)!.length > LONGEST_LABEL);
  return longest
    ? [
        {
          path: ['grid'],
          isKey: true,
          message: `"${pointLabel(longest)}" is too long for the name of a run`,
          expected: `fewer settings, or shorter values: ${LONGEST_LABEL} characters together`,
        },
      ]
    : [];
}

function tunesToo({ tune }: Config): Finding[] {
  if (!tune) return [];
  return [
    {
      path: ['grid'],
      isKey: true,
      message:
        'grid and tune cannot be combined: tune trains each method with the one learning rate that suits it, grid with every value',
      expected: alternatives(['grid', 'tune']),
    },
  ];
}
