import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, type Diagnostic } from './diagnostic.ts';
import type { Path } from './document.ts';
import { withOwner } from './hubId.ts';
import { MERGE, modelOrigin } from './modelOrigin.ts';
import { nearest } from './nearest.ts';
import type { ParsedConfig } from './parse.ts';
import { readsTexts } from './texts.ts';

/**
 * Checks that what a config names is there: its data files, and the folder of its model. What is on the hub is not looked for.
 * @param baseFolder paths in the config are relative to it
 * @throws ConfigError at each path that leads nowhere
 */
export function checkFiles({ file, config, position }: ParsedConfig, baseFolder: string): void {
  const { data, model } = config;
  const check = (
    key: Path,
    named: string,
    expected: string,
    message: string | null,
    suggestion = neighbour(baseFolder, named),
  ) => {
    if (message === null) return [];
    const diagnostic: Diagnostic = {
      file,
      ...position(key),
      message,
      expected: `${expected}, relative to the config`,
      ...(suggestion && { suggestion }),
      path: key,
    };
    return [diagnostic];
  };
  const dataFiles = data.from === undefined ? (['train', 'validation'] as const) : [];
  const diagnostics = dataFiles.flatMap((key) =>
    check(['data', key], data[key], 'the path of a file', fileComplaint(baseFolder, data[key])),
  );
  if (model.from !== undefined) {
    const kind = modelKinds[readsTexts(data) ? 'texts' : 'numbers'];
    const message = modelComplaint(baseFolder, model.from, kind);
    const owned = kind.isOnHub ? withOwner(model.from) : undefined;
    diagnostics.push(...check(['model', 'from'], model.from, kind.expected, message, owned));
  }
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
}

interface ModelKind {
  readonly file: string;
  readonly isOnHub: boolean;
  readonly expected: string;
}

/** Which models there are for examples of a kind. */
const modelKinds: Readonly<Record<'texts' | 'numbers', ModelKind>> = {
  texts: {
    file: 'config.json',
    isOnHub: true,
    expected: 'owner/name on the hub, or the path of a folder that holds a config.json',
  },
  numbers: {
    file: 'model.json',
    isOnHub: false,
    expected: 'the path of a folder that holds a model.json',
  },
};

function fileComplaint(baseFolder: string, named: string): string | null {
  const found = statSync(path.resolve(baseFolder, named), { throwIfNoEntry: false });
  if (!found) return `there is no file ${named}`;
  return found.isFile() ? null : `${named} is no file`;
}

function modelComplaint(baseFolder: string, named: string, kind: ModelKind): string | null {
  const origin = modelOrigin(named, baseFolder);
  if (origin.kind === 'hub') return kind.isOnHub ? null : `there is no folder ${named}`;
  const found = statSync(origin.folder, { throwIfNoEntry: false });
  if (!found) return `there is no folder ${named}`;
  if (!found.isDirectory()) return `${named} is no folder`;
  const topology = statSync(path.join(origin.folder, kind.file), { throwIfNoEntry: false });
  if (statSync(path.join(origin.folder, 'adapter_config.json'), { throwIfNoEntry: false })) {
    return `the folder ${named} holds an adapter: ${MERGE}`;
  }
  return topology ? null : `the folder ${named} holds no ${kind.file}`;
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
