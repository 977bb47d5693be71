/**
 * `npm run faults -- --count 1000 --seed 0`: a real run under faults at random moments.
 * `npm run faults -- --of index --count 300`: a process that logs and indexes steps, killed.
 * `npm run faults -- --of queue --count 100`: an experiment whose runs are trained at the same time, its processes killed.
 */
import { parseArgs } from 'node:util';
import { assertBuilt } from '../built.ts';
import { faults, strike } from './faults.ts';
import { killWhileIndexing } from './indexKills.ts';
import { killQueue } from './queueKills.ts';

const { values } = parseArgs({
  options: {
    of: { type: 'string', default: 'run' },
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '0' },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];

assertBuilt();
if (values.of === 'queue') {
  const { coordinators, trainers, finished } = await killQueue(count, seed);
  console.log(`killed: ${coordinators} coordinators, ${trainers} processes of runs`);
  console.log(
    `${finished} experiments finished, each with the outcomes of an undisturbed one, bit for bit`,
  );
} else if (values.of === 'index') {
  const { killed, behind, torn, steps } = await killWhileIndexing(count, seed);
  console.log(`${killed} kills over ${steps} steps: no acknowledged step lost, no index wrong`);
  console.log(`the index was behind the log after ${behind}, and half written after ${torn}`);
} else {
  const { struck, finished } = await strike(count, seed);
  for (const fault of faults) console.log(`${fault}: ${struck[fault]}`);
  console.log(
    `${finished} runs finished, each with the outcome of an undisturbed run, bit for bit`,
  );
}
