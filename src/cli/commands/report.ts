import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { reportCsv } from '../../experiment/report/csv.ts';
import { type FullReport, fullReportOf } from '../../experiment/report/fullReport.ts';
import { reportHtml } from '../../experiment/report/html.ts';
import { reportLatex } from '../../experiment/report/latex.ts';
import { reportMarkdown } from '../../experiment/report/markdown.ts';
import { BAD_INPUT } from '../exit.ts';
import { rootOption } from '../listing.ts';
import { printJson } from '../output.ts';
import { forceOption, refuseToReplace } from '../replacing.ts';
import { runsOf } from '../runsOf.ts';

interface ReportOptions {
  readonly root?: string;
  readonly metric?: string;
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
  json: (report: FullReport) => `${JSON.stringify(report, null, 2)}\n`,
};
type Format = keyof typeof formats;

const description = [
  'say what an experiment shows: a verdict in plain words, and its figures',
  'Without arguments, of the latest experiment; for a config, of its latest one. Several experiments or runs are taken together if they differ in method and seed alone, as several launches of a config do.',
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
      const { root, metric, json, out, force } = options;
      const format = options.format ?? (out === undefined ? 'md' : formatOf(out));
      if (!format) {
        const known = Object.keys(formats).map((name) => `.${name}`);
        const message = `error: ${out} has no extension of a report. Expected ${known.join(', ')}, or --format`;
        return command.error(message, { exitCode: BAD_INPUT });
      }
      if (out !== undefined) refuseToReplace(out, force, command);
      const report = await fullReportOf(await runsOf(references, root), metric);
      if (json) printJson(report);
      else if (out === undefined) console.log(formats[format](report).trimEnd());
      if (out !== undefined) writeFileSync(out, `${formats[format](report).trimEnd()}\n`);
    });
}

function formatOf(file: string): Format | undefined {
  const extension = path.extname(file).slice(1).toLowerCase();
  return Object.hasOwn(formats, extension) ? (extension as Format) : undefined;
}
