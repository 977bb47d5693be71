import type { Command } from 'commander';
import { recordedConfig } from '../../experiment/recordedConfig.ts';
import { recordSoups, type Soup } from '../../experiment/soups/recordedSoups.ts';
import { rootOf } from '../../runs/grainFolder.ts';
import { RunReferenceError } from '../../runs/reference.ts';
import { rootOption } from '../listing.ts';
import { figure, printJson, table } from '../output.ts';
import { runsOf } from '../runsOf.ts';

const description = [
  'average the final weights of the runs of each method, and their predictions, and evaluate the averages on the validation set',
  'Without arguments, of the latest experiment; for a config, of its latest one. `soup` is the mean of the weights (Wortsman et al. 2022, arXiv:2203.05482), `stock` lies between it and the start, tensor by tensor (Model Stock, Jang et al. 2024, arXiv:2403.19522), `ensemble` is the mean of the predictions, of probabilities or values (Lakshminarayanan et al. 2017, arXiv:1612.01474). Each is one model from several runs, an ensemble as large as all of them: it has no spread, and its figure is no estimate of what another set of runs would give.',
  'Weights are averaged of runs with the same initialization only: those that began differently, such as those of a new head, have no common meaning. `seeds: { init: 1, order: 5 }` trains such runs. The figures are kept beside the runs: `grain report` and the seed variance panel show them.',
].join('\n\n');

export function addSoupCommand(program: Command): void {
  program
    .command('soup')
    .summary('average the weights, and the predictions, of runs')
    .description(description)
    .argument('[of...]', 'a config, ids of experiments, or ids of runs')
    .addOption(rootOption())
    .option('--json', 'print one JSON object')
    .action(async (references: readonly string[], { root, json }: SoupOptions) => {
      const runs = await runsOf(references, root);
      const { manifest, folder } = runs[0]!;
      const parsed = recordedConfig(manifest, rootOf(folder));
      if (!parsed) {
        throw new RunReferenceError(
          `the config of ${manifest.id} cannot be read: another trainer wrote it`,
        );
      }
      // What trains takes long to load.
      const { soupsOf } = await import('../../experiment/soups/soups.ts');
      const soups = await soupsOf(runs, parsed);
      if (json) printJson({ soups });
      else console.log(asText(soups));
      await recordSoups(soups, runs);
    });
}

interface SoupOptions {
  readonly root?: string;
  readonly json?: boolean;
}

function asText(soups: readonly Soup[]): string {
  const rows = soups.map(({ method, init, runs, metric, seeds, weights, ensemble }) => [
    ...[method, init === null ? 'all' : String(init), String(runs.length), metric],
    ...[`${figure(seeds.mean)} ± ${figure(seeds.std)}`, figure(seeds.best)],
    ...[weights?.soup, weights?.stock, ensemble].map((value) => figure(value)),
  ]);
  const header = [
    ...['method', 'init', 'runs', 'metric', 'mean ± std', 'best run'],
    ...['soup', 'stock', 'ensemble'],
  ];
  const notes = [
    'soup, stock, ensemble: one model each, from all these runs',
    ...(soups.some(({ weights }) => weights === null)
      ? [
          'soup and stock need runs with the same initialization, as seeds: { init: 1, order: 5 } trains them',
        ]
      : []),
  ];
  return [table([header, ...rows]), ...notes].join('\n');
}
