import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, type Diagnostic } from './configError.ts';
import type { Path } from './document.ts';
import { nearest } from './nearest.ts';
import type { ParsedConfig } from './parse.ts';

/**
 * Checks that what a config names is there: its data files, and the folder of its model.
 * @param baseFolder paths in the config are relative to it
 * @throws ConfigError at each path that leads nowhere
 */
export function checkFiles({ file, config, position }: ParsedConfig, baseFolder: string): void {
  const { data, model } = config;
  const check = (key: Path, named: string, kind: 'file' | 'model') => {
    const message = complaint(path.resolve(baseFolder, named), named, kind);
    if (message === null) return [];
    const suggestion = neighbour(baseFolder, named);
    const expected = `the path of a ${kind === 'file' ? 'file' : 'folder that holds a model.json'}, relative to the config`;
    const diagnostic: Diagnostic = {
      file,
      ...position(key),
      message,
      expected,
      ...(suggestion && { suggestion }),
      path: key,
    };
    return [diagnostic];
  };
  const diagnostics = [
    ...check(['data', 'train'], data.train, 'file'),
    ...check(['data', 'validation'], data.validation, 'file'),
    ...(model.from === undefined ? [] : check(['model', 'from'], model.from, 'model')),
  ];
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
}

function complaint(absolute: string, named: string, kind: 'file' | 'model'): string | null {
  const found = statSync(absolute, { throwIfNoEntry: false });
  if (kind === 'file') {
    if (!found) return `there is no file ${named}`;
    return found.isFile() ? null : `${named} is no file`;
  }
  if (!found) return `there is no folder ${named}`;
  if (!found.isDirectory()) return `${named} is no folder`;
  const topology = statSync(path.join(absolute, 'model.json'), { throwIfNoEntry: false });
  return topology ? null : `the folder ${named} holds no model.json`;
}

/** The nearest name in the same folder, as the config would write it. */
function neighbour(baseFolder: string, named: string): string | undefined {
  const folder = path.dirname(path.resolve(baseFolder, named));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const [wrong, siblings] = [path.basename(named), readdirSync(folder)];
  const name = nearest(
    wrong,
    siblings.filter((it) => it !== wrong),
  );
  return name && named.slice(0, named.length - wrong.length) + name;
}
