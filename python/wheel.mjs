/**
 * Builds the wheel of grain_torch without Python, the same bytes from the same sources: a wheel is a zip of the package and of three
 * files about it (https://packaging.python.org/en/latest/specifications/binary-distribution-format/).
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parse } from 'smol-toml';
import yazl from 'yazl';

const root = import.meta.dirname;
const PACKAGE = 'grain_torch';

/** @returns the path of the wheel, in `folder` */
export async function buildWheel(folder) {
  const { project } = parse(await readFile(path.join(root, 'pyproject.toml'), 'utf8'));
  const files = await sources();
  const version = versionOf(files.get(`${PACKAGE}/__init__.py`).toString());
  const info = `${PACKAGE}-${version}.dist-info`;
  const readme = await readFile(path.join(root, project.readme), 'utf8');
  files.set(`${info}/licenses/LICENSE`, await readFile(path.join(root, '../LICENSE')));
  files.set(`${info}/METADATA`, Buffer.from(metadata(project, version, readme)));
  files.set(`${info}/WHEEL`, Buffer.from(WHEEL));
  const record = [...files].map(
    ([name, content]) => `${name},sha256=${digest(content)},${content.length}\n`,
  );
  files.set(`${info}/RECORD`, Buffer.from(`${record.join('')}${info}/RECORD,,\n`));
  await mkdir(folder, { recursive: true });
  const wheel = path.join(folder, `${PACKAGE}-${version}-py3-none-any.whl`);
  const zip = new yazl.ZipFile();
  // Zip has local times: this one is the same everywhere.
  const mtime = new Date(1980, 0, 1);
  for (const [name, content] of files) zip.addBuffer(content, name, { mtime, mode: 0o100644 });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(wheel));
  return wheel;
}

const WHEEL = 'Wheel-Version: 1.0\nGenerator: grain\nRoot-Is-Purelib: true\nTag: py3-none-any\n';

/** Contents of the package's files by their paths in the wheel, in order. */
async function sources() {
  const names = await readdir(path.join(root, PACKAGE), { recursive: true });
  const kept = names
    .map((name) => name.replaceAll(path.sep, '/'))
    .filter((name) => /\.py$|py\.typed$/.test(name));
  const files = new Map();
  for (const name of kept.sort())
    files.set(`${PACKAGE}/${name}`, await readFile(path.join(root, PACKAGE, name)));
  return files;
}

function versionOf(source) {
  const [, version] = source.match(/^__version__ = "(.+)"$/m) ?? [];
  if (version === undefined)
    throw new Error(
      `${PACKAGE}/__init__.py has no __version__. Expected one line: __version__ = "…".`,
    );
  return version;
}

/** https://packaging.python.org/en/latest/specifications/core-metadata/ */
function metadata(project, version, readme) {
  const extras = Object.entries(project['optional-dependencies']);
  const lines = [
    'Metadata-Version: 2.4',
    `Name: ${project.name}`,
    `Version: ${version}`,
    `Summary: ${project.description}`,
    `License-Expression: ${project.license}`,
    'License-File: LICENSE',
    `Requires-Python: ${project['requires-python']}`,
    'Description-Content-Type: text/markdown',
    ...project.dependencies.map((one) => `Requires-Dist: ${one}`),
    ...extras.flatMap(([extra, packages]) => [
      `Provides-Extra: ${extra}`,
      ...packages.map((one) => `Requires-Dist: ${one}; extra == "${extra}"`),
    ]),
  ];
  return `${lines.join('\n')}\n\n${readme}`;
}

function digest(content) {
  return createHash('sha256').update(content).digest('base64url');
}
