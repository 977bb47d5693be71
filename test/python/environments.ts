/** Environments to install into, made without a download. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import path from 'node:path';
import { interpreter } from './python.ts';

/** Variables with which pip gets no package from anywhere, whatever it is configured for. */
export const OFFLINE = {
  PIP_CONFIG_FILE: devNull,
  PIP_INDEX_URL: 'http://127.0.0.1:9/',
  PIP_EXTRA_INDEX_URL: '',
  PIP_FIND_LINKS: '',
  // Without one, pip does not say that it got no connection.
  PIP_RETRIES: '1',
};

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
