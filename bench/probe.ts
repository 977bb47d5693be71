/**
 * How often the advice of `grain probe` is right: `node bench/probe.ts [--seeds 6] [--settings 'a;b'] [--jobs 1]` trains the
 * mean and the aggregators that the probe advises on, with paired seeds, and writes docs/probe.md's tables.
 *
 * Every run stays in .cache/probe: a bench that was stopped continues where it was, and more seeds add to those there.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredThresholds } from '../src/experiment/probe/advice.ts';
import { chosenOn } from './probe/hits.ts';
import { type Outcome, outcomeOf } from './probe/outcome.ts';
import { hitTable, rulesTable, settingsTable } from './probe/report.ts';
import { folderOf, type ProbeSetting, settings } from './probe/settings.ts';
import { circumstances, writeFigures } from './readme.ts';
import { trainSeeds } from './trainSeeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '6' },
    settings: { type: 'string' },
    jobs: { type: 'string', default: '1' },
  },
});
const methods = ['mean', 'grain', 'grain-normalized', 'upgrad'];
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
const names = values.settings?.split(';');
const chosen = settings.filter(({ name }) => names === undefined || names.includes(name));

async function train(setting: ProbeSetting, core: number): Promise<void> {
  const config = await setting.config();
  if (config === null) {
    console.error(`${setting.title}: its data are missing on this machine`);
    return;
  }
  await trainSeeds(folderOf(setting), { ...config, aggregate: methods }, seeds, core);
}

const waiting = chosen.values();
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async (_, job) => {
    for (const setting of waiting) await train(setting, job);
  }),
);

const outcomes: Outcome[] = [];
for (const setting of settings) {
  const outcome = await outcomeOf(setting);
  if (outcome) outcomes.push(outcome);
}
const fit = outcomes.filter(({ setting }) => setting.use === 'fit');
console.log(
  'thresholds in use:',
  measuredThresholds,
  'chosen on the settings for fitting:',
  chosenOn(fit),
);
const docs = fileURLToPath(new URL('../docs/probe.md', import.meta.url));
const figures = {
  rules: rulesTable(measuredThresholds),
  hits: `${circumstances()}\n\n${hitTable(outcomes, measuredThresholds)}`,
  settings: settingsTable(outcomes, measuredThresholds),
};
for (const [name, markdown] of Object.entries(figures)) {
  console.log(`\n${markdown}`);
  writeFigures(name, markdown, docs);
}
