import type { Command } from 'commander';
import { checkFiles } from '../../config/checkFiles.ts';
import { trainsTransformer } from '../../config/data.ts';
import { ConfigError, formatDiagnostic, type Help } from '../../config/diagnostic.ts';
import { expand } from '../../config/expand.ts';
import { parseConfigFile } from '../../config/parse.ts';
import { checkData } from '../../data/checkData.ts';
import { listed } from '../../data/labels.ts';
import { configText, proposedChoice } from '../../data/proposal/configText.ts';
import { describeTable } from '../../data/proposal/describe.ts';
import type { TableDescription } from '../../data/proposal/description.ts';
import { DataError, FIRST_POSITION } from '../../data/table.ts';
import { formatCount } from '../../runs/format.ts';
import { checkTextModel } from '../../training/checkTextModel.ts';
import { BAD_INPUT, errorResult, reportError } from '../exit.ts';
import { printJson } from '../output.ts';

/** A program reads its own data. */
const UNREAD = { notJudged: null, notices: [] };

export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('check configs, and make a first one');
  addNew(config);
  config
    .command('check')
    .description(
      'list the mistakes in a config, its data and its model, without reading weights, and warnings of what was measured to do harm, as file:line:column',
    )
    .argument('<file>', 'a config, YAML or JSON')
    .option('--data', 'also read data files that are larger than 20 MB')
    .option('--json', 'print one JSON object')
    .action(async (file: string, { data, json }: { data?: boolean; json?: boolean }) => {
      try {
        const parsed = parseConfigFile(file);
        checkFiles(parsed);
        const model = trainsTransformer(parsed.config) ? await checkTextModel(parsed) : null;
        const isOfProgram = parsed.config.program !== undefined;
        const read = isOfProgram ? UNREAD : await checkData(parsed, data ?? false);
        const notJudged = [model, read.notJudged].filter((it) => it !== null);
        const runs = expand(parsed.config).length;
        const { config } = parsed;
        const warnings = [...parsed.warnings, ...read.notices];
        if (json) return printJson({ file, valid: true, runs, warnings, notJudged, config });
        for (const warning of warnings) console.log(formatDiagnostic(warning));
        for (const what of notJudged) console.log(`not judged: ${what}`);
        console.log(`${file}: valid, ${formatCount(runs, 'run')}`);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const { diagnostics, message } = error;
        if (json) printJson({ file, valid: false, diagnostics });
        else console.log(message);
        process.exitCode = BAD_INPUT;
      }
    });
}

function addNew(config: Command): void {
  config
    .command('new')
    .description(
      'print a config for a data file, with the task, inputs and groups that its columns suggest: grain config new data.csv > grain.yaml',
    )
    .argument('<data>', 'a data file: CSV, TSV, JSONL, JSON or Parquet')
    .option('--target <column>', 'the column to predict (default: the likeliest)')
    .option('--json', 'print what its first rows show of its columns, as one JSON object')
    .action(async (file: string, { target, json }: { target?: string; json?: boolean }) => {
      try {
        const description = await describeTable(file);
        if (json) return printJson(description);
        console.log(proposedText(description, target));
      } catch (error) {
        if (json) printJson(errorResult(error));
        process.exitCode = reportError(error);
      }
    });
}

/** @throws DataError if the column is not there, or nothing is left to predict it from */
function proposedText(description: TableDescription, target: string | undefined): string {
  const { file, columns } = description;
  const named = columns.find(({ name }) => name === target);
  const fail = (message: string, help: Help) => new DataError(file, FIRST_POSITION, message, help);
  if (target !== undefined && !named) {
    const valid = columns.map(({ name }) => name);
    throw fail(`no column "${target}"`, {
      expected: `one of its columns, which are ${listed(valid)}`,
      name: { wrong: target, valid },
    });
  }
  const choice = proposedChoice(description, named);
  if (!choice) {
    throw fail(`no column from which ${target ? `"${target}"` : 'another'} could be predicted`, {
      expected: 'columns of numbers, or of texts',
    });
  }
  return configText(description, choice, process.cwd()).trimEnd();
}
