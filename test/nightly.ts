/**
 * `npm run test:nightly -- --rounds 20`: every file of property tests with fresh seeds, so many times over, and as many
 * runs of the fuzzer, and of the Python engine against the TypeScript one, on 10,000 matrices for each aggregator. Each seed is
 * printed before it is tried; what fails says how to run it again.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: expected a whole number');

const root = path.resolve(import.meta.dirname, '..');
const files = globSync('test/unit/**/*.test.ts', { cwd: root }).filter((file) =>
  /from '(fast-check|\..*\/families\.ts)'/.test(readFileSync(path.join(root, file), 'utf8')),
);

/** Whether the script of package.json succeeds. */
function npm(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): boolean {
  const { status } = spawnSync('npm', ['run', '--silent', script, '--', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  return status === 0;
}

for (let round = 1; round <= rounds; round++) {
  const seed = `${randomInt(2 ** 31)}`;
  console.log(`Round ${round} of ${rounds}: seed ${seed}`);
  const properties = npm('test:file', ['--test-reporter=dot', ...files], { FAST_CHECK_SEED: seed });
  const fuzzer = npm('fuzz', ['--count', '20000', '--seed', seed]);
  const matrices = { GRAIN_AGREEMENT: '10000', GRAIN_AGREEMENT_SEED: seed };
  const agreement = npm('test:python', ['tests/test_engine.py'], matrices);
  if (!agreement)
    console.log('To run it again:', matrices, 'npm run test:python tests/test_engine.py');
  if (!properties || !fuzzer || !agreement) process.exitCode = 1;
}
