/** The report of an experiment as one HTML file that needs nothing else: no script, no font, no network. */
import { stringify } from 'yaml';
import { crossedMatrices } from '../crossedFindings.ts';
import { inDecimals, inPercent } from './cells.ts';
import { curvesFigure } from './figures/curves.ts';
import { heatMap } from './figures/heatMap.ts';
import { profilesFigure } from './figures/profiles.ts';
import { stripFigure } from './figures/strip.ts';
import { escaped } from './figures/svg.ts';
import type { FullReport } from './fullReport.ts';
import { titleOf } from './markdown.ts';
import { methodsSentence } from './methods.ts';
import { figure, legend, list, page, paragraphs, slotsOf, tableOf } from './page.ts';
import { reportTables } from './tables.ts';

export function reportHtml(report: FullReport): string {
  const { verdict, findings, setting } = report;
  const title = escaped(titleOf(report));
  const names = findings.methods.map(({ method }) => method);
  const slotOf = slotsOf(names);
  const tables = reportTables(report);
  const [first, ...others] = tables;
  const ids = report.experiments.map(({ id }) => `<code>${escaped(id)}</code>`).join(', ');
  const body = [
    `<header><h1>${title}</h1><p class="ids">${ids} · ${findings.runs.length} runs · ${escaped(setting.devices.join('; '))}</p></header>`,
    `<section class="verdict"><h2>Verdict</h2>${paragraphs(verdict.words)}${list(verdict.notes)}</section>`,
    `<section><h2>${escaped(first!.title)}</h2>${legend(names)}`,
    figure(
      'Every run',
      stripFigure(report, slotOf),
      `Circles: final ${findings.metric} of a run; crosses: runs that failed. Box: quartiles and median; diamond and line: mean and its 95 % interval.${findings.constantPredictor === null ? '' : ' Dashed, where it is in sight: a constant prediction.'}`,
    ),
    tableOf(first!),
    figure(
      'Performance profile',
      profilesFigure(report, slotOf),
      `Share of the runs that end with ${findings.metric} ${findings.better === 'lower' ? 'below' : 'above'} a threshold (Agarwal et al. 2021): a method whose line is on top everywhere is better at every quantile. Band: 95 % at each threshold, bootstrap over runs; it has no width where all runs or none are better, which few seeds do not prove.`,
    ),
    figure(
      'While training',
      curvesFigure(report, slotOf),
      `${findings.metric} at each validation: mean over the runs that have reached it, one standard deviation on either side, and every run as a thin line.`,
    ),
    '</section>',
    ...others.map(
      (table) =>
        `<section><h2>${escaped(table.title)}</h2>${figuresOf(table.title, report)}${tableOf(table)}</section>`,
    ),
    `<section><h2>For a paper</h2>${paragraphs([methodsSentence(report)])}</section>`,
    settingSection(report),
  ];
  return page(title, body);
}

/** The matrices that belong to a table. */
function figuresOf(title: string, { agreement, findings }: FullReport): string {
  const matrices =
    title === 'Where the variance comes from'
      ? crossedMatrices(findings.crossed).map(({ method, ...matrix }) => {
          const { rowTitle, columnTitle, values } = matrix;
          const name = `${findings.metric} of ${method} by ${rowTitle} and ${columnTitle}`;
          return { method, drawn: heatMap({ ...matrix, name, format: inTenths(values) }) };
        })
      : title === 'Agreement of the seeds'
        ? agreement.map(({ method, seeds, matrix }) => {
            const drawn = heatMap({
              name: `Share of the examples on which two seeds of ${method} differ`,
              rows: seeds.map(short),
              columns: seeds.map(short),
              rowTitle: 'seed',
              columnTitle: 'seed',
              values: matrix,
              format: inPercent,
              isSymmetric: true,
            });
            return { method, drawn };
          })
        : [];
  const figures = matrices.flatMap(({ method, drawn }) =>
    drawn === null
      ? []
      : [`<figure>${drawn}<figcaption><b>${escaped(method)}</b></figcaption></figure>`],
  );
  return figures.length === 0 ? '' : `<div class="pair">${figures.join('')}</div>`;
}

/** With decimals that tell a tenth of the range apart. */
function inTenths(values: readonly (readonly number[])[]): (value: number) => string {
  const all = values.flat();
  return inDecimals((Math.max(...all) - Math.min(...all)) / 10);
}

/** "init 3 · order 1" as "3·1". */
function short(seed: string): string {
  return seed.replace(/^init (\d+) · order (\d+)$/, '$1·$2');
}

function settingSection({ setting }: FullReport): string {
  const { versions, devices, sources, fingerprints, configPath, config } = setting;
  const rows = [
    ...[...versions.map((text) => ['versions', text]), ...devices.map((text) => ['device', text])],
    ...sources.map((text) => ['from the hub', text]),
    ...Object.entries(fingerprints).flatMap(([part, hashes]) =>
      hashes.map((hash) => [`SHA-256 of ${part}`, hash]),
    ),
  ];
  const table = tableOf({ title: '', head: ['what', 'value'], rows, words: 2 });
  const yaml = escaped(stringify(config).trimEnd());
  return `<section><h2>Setting</h2>${table}<details open><summary>${escaped(configPath)}, every default filled in</summary><pre>${yaml}</pre></details></section>`;
}
