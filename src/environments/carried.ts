/** What GRAIN carries for Python, and where it keeps what it installs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The folder that has grain_backend and grain_torch: beside src/, or in dist/. @throws if it is missing */
export function packagesFolder(): string {
  const here = import.meta.dirname;
  const folder = path.resolve(here, isSource() ? '../../python' : 'python');
  if (existsSync(path.join(folder, 'grain_backend'))) return folder;
  throw new Error(`${folder}/grain_backend is missing. Install GRAIN again.`);
}

/** The wheel of grain_torch. @throws if it was not built */
export function carriedWheel(): string {
  const folder = isSource()
    ? path.resolve(import.meta.dirname, '../../dist/python')
    : packagesFolder();
  const name = existsSync(folder)
    ? readdirSync(folder).find((file) => /^grain_torch-.*\.whl$/.test(file))
    : undefined;
  if (name !== undefined) return path.join(folder, name);
  throw new Error(
    `${folder} has no wheel of grain_torch. ${isSource() ? 'Run `npm run build`.' : 'Install GRAIN again.'}`,
  );
}

/** The version of grain_torch that GRAIN carries. */
export function carriedVersion(): string {
  const source = readFileSync(path.join(packagesFolder(), 'grain_torch/__init__.py'), 'utf8');
  const [, version] = source.match(/^__version__ = "(.+)"$/m) ?? [];
  if (version === undefined)
    throw new Error('grain_torch has no __version__. Install GRAIN again.');
  return version;
}

/** The folder for what GRAIN installs: GRAIN_STORAGE, else where programs of the system keep their data. */
export function storageFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.GRAIN_STORAGE) return env.GRAIN_STORAGE;
  const data =
    process.platform === 'win32'
      ? (env.LOCALAPPDATA ?? path.join(homedir(), 'AppData', 'Local'))
      : process.platform === 'darwin'
        ? path.join(homedir(), 'Library', 'Application Support')
        : (env.XDG_DATA_HOME ?? path.join(homedir(), '.local', 'share'));
  return path.join(data, 'grain');
}

function isSource(): boolean {
  return import.meta.filename.endsWith('.ts');
}
