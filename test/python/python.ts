import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const checkout = path.resolve(import.meta.dirname, '../..');

/** The interpreter that has PyTorch and Hugging Face's libraries. @throws if it is not there */
export function interpreter(): string {
  const python = process.env.GRAIN_PYTHON ?? path.join(checkout, '.cache/python/bin/python');
  if (existsSync(python)) return python;
  throw new Error(`there is no ${python}: \`npm run test:setup\` makes the Python of the tests`);
}

const QUIET = {
  HF_HUB_OFFLINE: '1',
  TOKENIZERS_PARALLELISM: 'false',
  // Where other tests want the cores too, PyTorch's threads wait for each other many times as long as one alone works.
  OMP_NUM_THREADS: '1',
};

/**
 * Runs a script of this folder, offline, with one thread and with warnings off.
 * @param script its file name, for instance `minilm.py`
 * @param env variables beside those of this process
 * @returns what it printed
 * @throws what it printed on standard error, if it fails
 */
export async function python(
  script: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const { stdout } = await execute(
      interpreter(),
      ['-W', 'ignore', path.join(import.meta.dirname, script), ...args],
      {
        env: { ...process.env, ...QUIET, ...env },
        maxBuffer: 2 ** 30,
      },
    );
    return stdout;
  } catch (error) {
    const { stderr } = error as ExecFileException;
    if (stderr === undefined) throw error;
    throw new Error(`${script} failed:\n${stderr}`, { cause: error });
  }
}
