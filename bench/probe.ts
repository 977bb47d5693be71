/**
 * How often the advice of `grain probe` is right: `node bench/probe.ts [--seeds 6] [--settings 'a;b']` trains small networks
 * with the mean and the aggregators that the probe advises on, with paired seeds, and writes docs/probe.md's tables once all
 * settings are trained.
 *
 * Outcomes stay in .cache/probe: a bench that was stopped continues where it was.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredThresholds } from '../src/experiment/probe/advice.ts';
import { chosenOn } from './probe/hits.ts';
import { type Outcome, outcomeOf } from './probe/outcome.ts';
import { conclusion, hitTable, rulesTable, settingsTable } from './probe/report.ts';
import { settings } from './probe/settings.ts';
import { circumstances, writeFigures } from './readme.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '6' }, settings: { type: 'string' } },
});
const names = values.settings?.split(';');
const outcomes: Outcome[] = [];
for (const setting of settings) {
  if (names && !names.includes(setting.name)) continue;
  const outcome = await outcomeOf(setting, Number(values.seeds));
  if (outcome) outcomes.push(outcome);
  else console.error(`${setting.title}: its data are missing on this machine`);
}
if (names) {
  console.log(settingsTable(outcomes, measuredThresholds));
} else {
  const fit = outcomes.filter(({ setting }) => setting.use === 'fit');
  console.log(
    'thresholds in use',
    measuredThresholds,
    'best on the settings for it',
    chosenOn(fit),
  );
  const figures = {
    rules: rulesTable(measuredThresholds),
    hits: [
      circumstances(),
      hitTable(outcomes, measuredThresholds),
      conclusion(outcomes, measuredThresholds),
    ].join('\n\n'),
    settings: settingsTable(outcomes, measuredThresholds),
  };
  const docs = fileURLToPath(new URL('../docs/probe.md', import.meta.url));
  for (const [name, markdown] of Object.entries(figures)) {
    console.log(`\n${markdown}`);
    writeFigures(name, markdown, docs);
  }
}
