/**
 * What the processes of one run send each other in a step of grain_torch, beside those of DistributedDataParallel, as the loopback
 * interface of a network of their own counts it. `node bench/torchrun.ts` needs Linux and the tests' Python (`npm run test:setup`).
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { table } from '../src/experiment/markdown.ts';
import { interpreter } from '../test/python/python.ts';
import { circumstances, writeFigures } from './readme.ts';

const WIDTH = 1024;
const STEPS = 3;

const side = z.object({ bytes: z.number(), seconds: z.number() });
const answer = z.object({ gradient: z.number(), mean: side, one: side, two: side });

const peer = fileURLToPath(new URL('peers/torch_ranks.py', import.meta.url));

/** Σ over the processes of a formula's bytes in each, in gradients. */
const ring = (processes: number, groupsEach: number): number => (processes - 1) * (groupsEach + 1);

const rows = [2, 4].flatMap((processes) => {
  const command = `ip link set lo up && exec ${interpreter()} ${peer} ${processes} ${WIDTH} ${STEPS}`;
  const output = execFileSync('unshare', ['--net', '--map-root-user', 'sh', '-c', command], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  const found = answer.parse(JSON.parse(output));
  const row = (name: string, { bytes, seconds }: z.infer<typeof side>, groupsEach: number) => [
    String(processes),
    name,
    (bytes / found.gradient).toFixed(3),
    ring(processes, groupsEach).toFixed(0),
    (seconds * 1000).toFixed(0),
  ];
  return [
    row('the mean, DistributedDataParallel', found.mean, 1),
    row('`grain`, a group per process', found.one, 1),
    row('`grain`, two groups per process', found.two, 2),
  ];
});

const figures = [
  table([['processes', 'side', 'sent by all, in gradients', 'formula', 'ms a step'], ...rows]),
  `A gradient has ${((2 * WIDTH * WIDTH * 4) / 1e6).toFixed(1)} MB. ${circumstances()}`,
].join('\n\n');
console.log(figures);
writeFigures('torchrun', figures);
