import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Cache of the benches between runs. */
export const cache = fileURLToPath(new URL('../../.cache/', import.meta.url));

/** Path of the Python of a virtual environment that has the packages; made on first use. */
export function pythonWith(name: string, packages: readonly string[]): string {
  const venv = `${cache}${name}`;
  if (!existsSync(`${venv}/bin/python`)) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  }
  execFileSync(`${venv}/bin/pip`, ['install', '--quiet', ...packages], { stdio: 'inherit' });
  return `${venv}/bin/python`;
}
