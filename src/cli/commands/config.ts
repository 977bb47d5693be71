import type { Command } from 'commander';
import { checkFiles } from '../../config/checkFiles.ts';
import { readsTexts } from '../../config/data.ts';
import { ConfigError, formatDiagnostic } from '../../config/diagnostic.ts';
import { expand } from '../../config/expand.ts';
import { parseConfigFile } from '../../config/parse.ts';
import { checkData } from '../../data/checkData.ts';
import { formatCount } from '../../runs/format.ts';
import { checkTextModel } from '../../training/text/textTask.ts';
import { BAD_INPUT } from '../exit.ts';
import { printJson } from '../output.ts';

export function addConfigCommand(program: Command): void {
  program
    .command('config')
    .description('check configs')
    .command('check')
    .description(
      'list the mistakes in a config, including paths that do not exist and folders of models that cannot be trained, and warnings of what was measured to do harm, as file:line:column',
    )
    .argument('<file>', 'a config, YAML or JSON')
    .option('--data', 'also read the data files, as a run would')
    .option('--json', 'print one JSON object')
    .action(async (file: string, { data, json }: { data?: boolean; json?: boolean }) => {
      try {
        const parsed = parseConfigFile(file);
        checkFiles(parsed);
        if (readsTexts(parsed.config.data)) await checkTextModel(parsed);
        const runs = expand(parsed.config).length;
        const { config } = parsed;
        const warnings = [...parsed.warnings, ...(data ? await checkData(parsed) : [])];
        if (json) return printJson({ file, valid: true, runs, warnings, config });
        for (const warning of warnings) console.log(formatDiagnostic(warning));
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
