/** Environments to install into, made without a download. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { interpreter } from './python.ts';

/** Makes an environment without packages, not even pip. @returns its Python */
export function bareEnvironment(folder: string): string {
  execFileSync(interpreter(), ['-m', 'venv', '--without-pip', folder]);
  return path.join(folder, 'bin', 'python');
}

/** Makes an environment that also has the packages of the Python of the tests, PyTorch and pip among them. @returns its Python */
export function environmentWithPackages(folder: string): string {
  const python = bareEnvironment(folder);
  const code = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  const packages = execFileSync(interpreter(), ['-c', code], { encoding: 'utf8' });
  const lib = path.join(folder, 'lib');
  const site = path.join(lib, readdirSync(lib)[0]!, 'site-packages');
  mkdirSync(site, { recursive: true });
  writeFileSync(path.join(site, 'packages.pth'), packages);
  return python;
}
