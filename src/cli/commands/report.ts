import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { reportCsv } from '../../experiment/report/csv.ts';
import { fullReportOf } from '../../experiment/report/fullReport.ts';
import { reportHtml } from '../../experiment/report/html.ts';
import { reportLatex } from '../../experiment/report/latex.ts';
import { reportMarkdown } from '../../experiment/report/markdown.ts';
import { tasksHtml, tasksMarkdown } from '../../experiment/report/tasksPage.ts';
import { tasksReportOf } from '../../experiment/report/tasksReport.ts';
import { BAD_INPUT } from '../exit.ts';
import { rootOption } from '../listing.ts';
import { printJson } from '../output.ts';
import { forceOption, refuseToReplace } from '../replacing.ts';
import { runsOf } from '../runsOf.ts';

interface ReportOptions {
  readonly root?: string;
  readonly metric?: string;
  readonly tasks?: boolean;
  readonly format?: Format;
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** By the extension of a file that has it. */
const formats = {
  html: reportHtml,
  md: reportMarkdown,
  csv: reportCsv,
  tex: reportLatex,
  json: asJson,
};
type Format = keyof typeof formats;

/** Of several tasks. */
const tasksFormats = { html: tasksHtml, md: tasksMarkdown, json: asJson };

const description = [
  'say what an experiment shows: a verdict in plain words, and its figures',
  'Without arguments, of the latest experiment; for a config, of its latest one. Several experiments or runs are taken together if they differ in method and seed alone, as several launches of a config do.',
  'With --tasks, each of them is a task of its own, and methods are compared over all tasks together: each value becomes a score between a constant prediction and a perfect one.',
  'Markdown on standard output, or with --out a file: `--out report.html` is one page with figures, config, versions and fingerprints that needs nothing else. CSV has a row for each run, LaTeX a table of method and metric. Runs that failed count as failures; those that have not finished are named.',
].join('\n\n');

export function addReportCommand(program: Command): void {
  program
    .command('report')
    .summary('say what an experiment shows: a verdict, intervals and tests')
    .description(description)
    .argument('[of...]', 'a config, ids of experiments, or ids of runs')
    .option(
      '--metric <name>',
      'a metric of the validations (default: the one that ranks checkpoints)',
    )
    .option('--tasks', 'compare methods over several tasks: a config or experiment for each')
    .addOption(rootOption())
    .option('--out <file>', 'write it there, in the format of its extension')
    .addOption(forceOption())
    .addOption(
      new Option('--format <format>', 'default: that of the extension, otherwise md').choices(
        Object.keys(formats),
      ),
    )
    .option('--json', 'print one JSON object')
    .action(async (references: readonly string[], options: ReportOptions, command: Command) => {
      const { json, out, force, tasks } = options;
      const format = options.format ?? (out === undefined ? 'md' : formatOf(out));
      if (!format) {
        const known = Object.keys(formats).map((name) => `.${name}`);
        const message = `error: ${out} has no extension of a report. Expected ${known.join(', ')}, or --format`;
        return command.error(message, { exitCode: BAD_INPUT });
      }
      if (out !== undefined) refuseToReplace(out, force, command);
      const { report, text } = tasks
        ? await ofTasks(references, options, format, command)
        : await ofExperiment(references, options, format);
      if (json) printJson(report);
      else if (out === undefined) console.log(text().trimEnd());
      if (out !== undefined) writeFileSync(out, `${text().trimEnd()}\n`);
    });
}

async function ofExperiment(
  references: readonly string[],
  { root, metric }: ReportOptions,
  format: Format,
) {
  const report = await fullReportOf(await runsOf(references, root), metric);
  return { report, text: () => formats[format](report) };
}

async function ofTasks(
  references: readonly string[],
  { root, metric }: ReportOptions,
  format: Format,
  command: Command,
) {
  if (format === 'csv' || format === 'tex') {
    const message = `error: several tasks have no report as ${format}. Expected ${Object.keys(tasksFormats).join(', ')}`;
    return command.error(message, { exitCode: BAD_INPUT });
  }
  const tasks = await Promise.all(references.map((reference) => runsOf([reference], root)));
  const report = await tasksReportOf(tasks, metric);
  return { report, text: () => tasksFormats[format](report) };
}

function asJson(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

function formatOf(file: string): Format | undefined {
  const extension = path.extname(file).slice(1).toLowerCase();
  return Object.hasOwn(formats, extension) ? (extension as Format) : undefined;
}
