import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const venv = fileURLToPath(new URL('../../.cache/bench-venv', import.meta.url));

/** Path of a Python that has the packages, in a virtual environment of its own, made on first use. */
export function pythonWith(packages: readonly string[]): string {
  if (!existsSync(`${venv}/bin/python`)) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  }
  execFileSync(`${venv}/bin/pip`, ['install', '--quiet', ...packages], { stdio: 'inherit' });
  return `${venv}/bin/python`;
}
