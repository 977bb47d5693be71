import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileKeys, filePath, namedFiles, trainsTransformer } from './data.ts';
import { ConfigError, type Diagnostic, nearest, type Path } from './diagnostic.ts';
import { MERGE, modelOrigin, withOwner } from './modelOrigin.ts';
import type { ParsedConfig } from './parse.ts';
import { fileComplaint, type PathComplaint, userPath } from './userPath.ts';

/**
 * Checks that the data files and the model folder that a config names exist. Files on the Hub are not checked.
 * @throws ConfigError for each path that does not
 */
export function checkFiles(parsed: ParsedConfig): void {
  const { folder } = parsed;
  const { data, model, program } = parsed.config;
  if (program !== undefined) return;
  const check = (
    key: Path,
    expected: string,
    complaint: PathComplaint | null,
    suggestion: string | undefined,
  ): Diagnostic[] => {
    if (complaint === null) return [];
    const { message, advice } = complaint;
    const help = { expected: `${expected}, relative to the config${advice ? `. ${advice}` : ''}` };
    return [{ ...parsed.diagnostic(key, message, help), ...(suggestion && { suggestion }) }];
  };
  const dataFiles = data.from === undefined ? fileKeys(data) : [];
  const diagnostics = dataFiles.flatMap((key) =>
    namedFiles(data, key).flatMap((named, i) => {
      const complaint = fileComplaint(named, folder);
      const isThere = complaint !== null && !/not found|folder/.test(complaint.message);
      const suggestion = isThere ? undefined : neighbour(folder, named);
      return check(filePath(data, key, i), 'the path of a file', complaint, suggestion);
    }),
  );
  if (model.from !== undefined) {
    const kind = modelKinds[trainsTransformer(parsed.config) ? 'transformers' : 'layers'];
    const message = modelComplaint(folder, model.from, kind);
    const owned = kind.isOnHub ? withOwner(model.from) : undefined;
    diagnostics.push(
      ...check(
        ['model', 'from'],
        kind.expected,
        message === null ? null : { message },
        owned ?? neighbour(folder, model.from),
      ),
    );
  }
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
}

interface ModelKind {
  readonly file: string;
  readonly isOnHub: boolean;
  readonly expected: string;
}

/** Valid models by the kind of network. */
const modelKinds: Readonly<Record<'transformers' | 'layers', ModelKind>> = {
  transformers: {
    file: 'config.json',
    isOnHub: true,
    expected: 'owner/name on the Hub, or the path of a folder that contains a config.json',
  },
  layers: {
    file: 'model.json',
    isOnHub: false,
    expected: 'the path of a folder that contains a model.json',
  },
};

function modelComplaint(baseFolder: string, named: string, kind: ModelKind): string | null {
  const origin = modelOrigin(named, baseFolder);
  if (origin.kind === 'hub') return kind.isOnHub ? null : `folder not found: ${named}`;
  const found = statSync(origin.folder, { throwIfNoEntry: false });
  if (!found) return `folder not found: ${named}`;
  if (!found.isDirectory()) return `${named} is not a folder`;
  const topology = statSync(path.join(origin.folder, kind.file), { throwIfNoEntry: false });
  if (statSync(path.join(origin.folder, 'adapter_config.json'), { throwIfNoEntry: false })) {
    return `the folder ${named} contains an adapter, not a whole model: ${MERGE}`;
  }
  return topology ? null : `the folder ${named} does not contain a ${kind.file}`;
}

/** The nearest name in the same folder, as the config would write it. */
function neighbour(baseFolder: string, named: string): string | undefined {
  const folder = path.dirname(userPath(named, baseFolder));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const [wrong, siblings] = [path.basename(named), readdirSync(folder)];
  const name = nearest(
    wrong,
    siblings.filter((it) => it !== wrong),
  );
  return name && named.slice(0, named.length - wrong.length) + name;
}
