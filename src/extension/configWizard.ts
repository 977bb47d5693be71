import * as vscode from 'vscode';
import { messageOf } from '../config/errors.ts';
import { type Choice, configText } from '../data/proposal/configText.ts';
import {
  type Column,
  type TableDescription,
  tableDescriptionSchema,
} from '../data/proposal/description.ts';
import {
  groupColumns,
  type Inputs,
  inputs,
  isSource,
  targets,
  taskFor,
} from '../data/proposal/propose.ts';
import { errorSchema } from '../experiment/launchResult.ts';
import { formatNumber } from '../runs/format.ts';
import { chooseFolder, writeConfig } from './configs/files.ts';
import { templates } from './configs/template.ts';
import { ask, errorLineOf, type GrainCommand } from './launch/grainProcess.ts';

const TITLE = vscode.l10n.t('Create config');
/** About a data file. */
const QUESTIONS = 3;
const TABLES = '**/*.{csv,tsv,jsonl,ndjson,json,parquet,csv.gz,tsv.gz,jsonl.gz,ndjson.gz,json.gz}';
const IGNORED = '**/{node_modules,.git,.grain,.vscode,dist,checkpoint,checkpoints}/**';
/** JSON files that hold settings, not examples. */
const SETTINGS = /(?:^|\/)(?:package(?:-lock)?|tsconfig.*|.*config|.*grain)\.json$/;
/** More files would not be looked through. */
const MOST_FILES = 200;

interface Parts {
  readonly grain: () => GrainCommand;
  readonly run: (config: vscode.Uri) => unknown;
}

/** A line of a quick pick, and what it stands for. */
interface Item<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/** Makes a first config: asks for a data file, shows what its columns suggest, and writes what was chosen. */
export class ConfigWizard {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async create(): Promise<void> {
    const folder = await chooseFolder();
    if (!folder) return;
    const picked = await pickSource(folder);
    if (typeof picked === 'string') await writeConfig(folder.uri, picked);
    else if (picked) await this.#createFor(picked, folder);
  }

  async #createFor(file: vscode.Uri, folder: vscode.WorkspaceFolder): Promise<void> {
    const description = await this.#describe(file, folder);
    const choice = description && (await askFor(description));
    if (!choice) return;
    const text = configText(description, choice, folder.uri.fsPath);
    const config = await writeConfig(folder.uri, text);
    const run = vscode.l10n.t('Run');
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t('{0} is ready to run.', vscode.workspace.asRelativePath(config)),
      run,
    );
    if (answer === run) await this.#parts.run(config);
  }

  /** Read by a process of its own, as every data file is. Tells the user what is wrong with a file that cannot be read. */
  async #describe(
    { fsPath }: vscode.Uri,
    folder: vscode.WorkspaceFolder,
  ): Promise<TableDescription | undefined> {
    const options = { onMessage: () => {}, cancelled: new AbortController().signal };
    try {
      const { stdout, stderr } = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Reading columns') },
        () =>
          ask(this.#parts.grain(), ['config', 'new', fsPath, '--json'], folder.uri.fsPath, options),
      );
      if (stdout === '') throw new Error(errorLineOf(stderr));
      const answer = JSON.parse(stdout) as unknown;
      const failed = errorSchema.safeParse(answer);
      if (failed.success) throw new Error(failed.data.error.message);
      return tableDescriptionSchema.parse(answer);
    } catch (error) {
      void vscode.window.showErrorMessage(messageOf(error));
      return undefined;
    }
  }
}

/** @returns a data file, or the text of a template */
async function pickSource(
  folder: vscode.WorkspaceFolder,
): Promise<vscode.Uri | string | undefined> {
  const pattern = new vscode.RelativePattern(folder, TABLES);
  const found = await vscode.workspace.findFiles(pattern, IGNORED, MOST_FILES);
  const files = found
    .filter(({ path }) => !SETTINGS.test(path))
    .sort((a, b) => a.path.localeCompare(b.path))
    .sort((a, b) => Number(/train/i.test(b.path)) - Number(/train/i.test(a.path)));
  const items: (Item<vscode.Uri | string> | vscode.QuickPickItem)[] = [
    ...files.map((uri) => ({
      label: vscode.workspace.asRelativePath(uri, false),
      iconPath: new vscode.ThemeIcon('table'),
      value: uri,
    })),
    { label: vscode.l10n.t('without a data file'), kind: vscode.QuickPickItemKind.Separator },
    ...templates.map(({ label, detail, text }) => ({ label, detail, value: text })),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: TITLE,
    placeHolder:
      files.length > 0
        ? vscode.l10n.t('Which file has the examples to train on?')
        : vscode.l10n.t(
            'No CSV, TSV, JSONL, JSON or Parquet file in this folder: begin with a template',
          ),
  });
  return picked && 'value' in picked ? picked.value : undefined;
}

async function askFor(description: TableDescription): Promise<Choice | undefined> {
  const { rows } = description;
  const candidates = targets(description);
  if (candidates.length === 0) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t('No column of the file has values that could be predicted.'),
    );
    return undefined;
  }
  const target = await pick(
    1,
    vscode.l10n.t('What is to be predicted?'),
    candidates.map((column) => ({
      label: column.name,
      description: vscode.l10n.t('{0} of {1}', taskFor(column, rows), described(column)),
      value: column,
    })),
  );
  if (!target) return undefined;
  const groupsBy = await pick(
    2,
    vscode.l10n.t('Which groups may contradict each other, such as sources of different quality?'),
    groupings(description, target),
  );
  if (!groupsBy) return undefined;
  const group = groupsBy.startsWith('column:') ? groupsBy.slice('column:'.length) : null;
  const possible = inputs(description, target, group);
  if (possible.length === 0) {
    const what =
      taskFor(target, rows) === 'generation'
        ? vscode.l10n.t('texts')
        : vscode.l10n.t('numbers or texts');
    void vscode.window.showErrorMessage(
      vscode.l10n.t(
        'No other column has {0} from which {1} could be predicted.',
        what,
        target.name,
      ),
    );
    return undefined;
  }
  const chosen = await pick(
    3,
    vscode.l10n.t('From what is {0} to be predicted?', target.name),
    possible.map((value) => ({ ...shown(value), value })),
  );
  return chosen && { target, inputs: chosen, groupsBy };
}

function groupings(description: TableDescription, target: Column): Item<Choice['groupsBy']>[] {
  const columns = groupColumns(description, target).map((column) => ({
    label: vscode.l10n.t('by {0}', column.name),
    description: described(column),
    value: `column:${column.name}` as const,
    isLikely: isSource(column),
  }));
  const microbatch = {
    label: 'micro-batches',
    description: vscode.l10n.t('parts of each batch, where no column tells groups apart'),
    value: 'microbatch' as const,
  };
  const byClass = {
    label: vscode.l10n.t('by {0}', target.name),
    description: vscode.l10n.t('a group for each class'),
    value: 'label' as const,
  };
  return [
    ...columns.filter(({ isLikely }) => isLikely),
    microbatch,
    ...(taskFor(target, description.rows) === 'classification' ? [byClass] : []),
    ...columns.filter(({ isLikely }) => !isLikely),
  ];
}

function shown(value: Inputs): vscode.QuickPickItem {
  if (value.kind === 'texts') {
    return {
      label: value.columns.join(' and '),
      description: vscode.l10n.t(
        'a pretrained transformer reads the text; downloaded once from the Hugging Face Hub',
      ),
    };
  }
  const { columns, image } = value;
  const label =
    columns === null ? vscode.l10n.t('all other columns') : columns.slice(0, 8).join(', ');
  return {
    label:
      columns !== null && columns.length > 8
        ? vscode.l10n.t('{0} and {1} more', label, columns.length - 8)
        : label,
    description: image
      ? vscode.l10n.t(
          'pixels of {0} × {1} images, for a small network that is trained here',
          image[0],
          image[1],
        )
      : vscode.l10n.t('numbers, for a small network that is trained here'),
  };
}

/** "5 values: north, east, …", "numbers from 0 to 3.5". */
function described({ range, distinct, values }: Column): string {
  if (range && distinct > values.length) {
    return vscode.l10n.t(
      'numbers from {0} to {1}',
      formatNumber(range.min),
      formatNumber(range.max),
    );
  }
  const some = values
    .slice(0, 4)
    .map((value) => (value.length > 20 ? `${value.slice(0, 20)}…` : value));
  return vscode.l10n.t(
    '{0} values: {1}{2}',
    distinct,
    some.join(', '),
    distinct > some.length ? ', …' : '',
  );
}

/** The first is what is proposed. */
async function pick<T>(
  question: 1 | 2 | 3,
  placeHolder: string,
  items: readonly Item<T>[],
): Promise<T | undefined> {
  const marked = items.map((item, i) =>
    i === 0 && items.length > 1 ? { ...item, detail: vscode.l10n.t('proposed') } : item,
  );
  const title = vscode.l10n.t('{0} ({1} of {2})', TITLE, question, QUESTIONS);
  const picked = await vscode.window.showQuickPick(marked, { title, placeHolder });
  return picked?.value;
}
