import assert from 'node:assert/strict';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { grain } from '../integration/grain.ts';
import { writeRings } from '../integration/rings.ts';
import { chartData, eventually, type Theme } from './vscode.ts';
import { TestWindow } from './window.ts';

const config = { evaluateEvery: '5', steps: '30', aggregate: '[grain, mean]' };

// A click that selects a row must not move the others under the next click.
const settings = { 'workbench.tree.expandMode': 'doubleClick' };

const window = TestWindow.on(
  async (workspace) => {
    for (const learningRate of ['1e-3', '3e-3']) {
      const optimizer = `{ learningRate: ${learningRate} }`;
      writeRings(workspace, { ...config, seeds: '[0, 1]', optimizer });
      await grain(['run', 'grain.yaml', '--json'], workspace);
    }
    // What TensorBoard shows of a run, as another tool would have left it.
    const { stdout } = await grain(['runs', '--json'], workspace);
    const { id } = JSON.parse(stdout).runs[0];
    await grain(['export', id, '--to', 'tensorboard', '--out', 'exported'], workspace);
    await mkdir(path.join(workspace, 'elsewhere'));
    for (const seed of [0, 1]) {
      await grain(['export', id, '--to', 'tensorboard', '--out', 'exported'], workspace);
      const to = path.join(workspace, `elsewhere/baseline_seed${seed}`);
      await rename(path.join(workspace, 'exported', id), to);
    }
  },
  { settings },
);

test('runs of two launches are selected together and compared in one view', async () => {
  const { vscode } = window;
  await vscode.command('GRAIN: Focus on Runs View');
  const launches = vscode.page.locator('.pane-body .monaco-list-row[aria-level="1"]');
  await launches.nth(1).waitFor();
  await window.row('learningRate 0.001 → 0.003').waitFor();
  // The four runs of the latest launch: before they are there, the lines below it still move.
  await vscode.page.locator('.pane-body .monaco-list-row[aria-level="3"]').nth(3).waitFor();
  const changed = launches.filter({ hasText: '0.001 → 0.003' });
  const tab = vscode.page.getByRole('tab', { name: 'Compare: 8 runs of rings' });
  await vscode.select(changed);
  await launches.filter({ hasNotText: '→' }).click({ modifiers: ['Control'] });
  await vscode.command('GRAIN: Compare runs');
  await tab.waitFor();
  const frame = await vscode.panelWith('compared-curves');
  await frame.getByText('8 runs in 4 groups').waitFor();
  const differences = frame.getByRole('region', { name: 'Keys of the configs that differ' });
  await differences.getByRole('row', { name: 'optimizer.learningRate 0.001 0.003' }).waitFor();
  const { datasets } = await chartData(frame, 'compared-curves');
  assert.equal(datasets.filter(({ data }) => data.length > 5).length, 4 * 3 + 8);
});

test('a baseline is pinned, groups are chosen, and all of it survives a reload', async () => {
  const { vscode } = window;
  const frame = await vscode.panelWith('compared-curves');
  const choose = async (list: string, option: string) => {
    await frame.getByRole('combobox', { name: list, exact: true }).click();
    await frame.getByRole('option', { name: option }).first().click();
  };
  await choose('Group by', 'optimizer.learningRate');
  await choose('and by', 'nothing else');
  await frame.getByText('8 runs in 2 groups').waitFor();
  await choose('Baseline', 'learningRate 0.001');
  await frame.getByRole('columnheader', { name: 'Δ to baseline' }).first().waitFor();
  await frame.getByRole('searchbox', { name: 'Filter results of runs' }).fill('grain');
  await frame.getByText('4 of 8').waitFor();
  await vscode.reload();
  const again = await vscode.panelWith('compared-curves');
  await again.getByText('8 runs in 2 groups').waitFor();
  await again.getByRole('rowheader', { name: 'learningRate 0.001 (baseline)' }).waitFor();
  await again.getByText('4 of 8').waitFor();
});

test('it looks well in every theme and width', async () => {
  const { vscode } = window;
  await vscode.command('Notifications: Clear All Notifications');
  for (const theme of ['dark', 'light', 'highContrast'] satisfies Theme[]) {
    await vscode.setTheme(theme);
    for (const width of [1440, 900]) {
      await vscode.page.setViewportSize({ width, height: 900 });
      await vscode.screenshot(`compare-${theme}-${width}`);
    }
  }
  await vscode.page.setViewportSize({ width: 1440, height: 900 });
});

test('the keyboard alone selects runs, compares them and sorts the table', async () => {
  const { vscode } = window;
  const { keyboard } = vscode.page;
  await vscode.offers('GRAIN: Compare runs');
  const typed = async (command: string) => {
    // Keys are lost while the palette of the command before is on its way out.
    await vscode.provoke(vscode.choice(command).first(), async () => {
      await keyboard.press('F1');
      await keyboard.type(command);
    });
    await keyboard.press('Enter');
  };
  await typed('View: Close All Editors');
  const focused = vscode.page.locator('.pane-body .monaco-list:focus .monaco-list-row.focused');
  await eventually('the first launch under the focus', async () => {
    // A view that is opened for the first time is filled later, and has nothing to focus until then.
    await typed('GRAIN: Focus on Runs View');
    await keyboard.press('Home');
    const level = await focused.getAttribute('aria-level', { timeout: 3_000 }).catch(() => null);
    return level === '1' || undefined;
  });
  await eventually('a folded launch', async () => {
    if ((await focused.getAttribute('aria-expanded')) === 'false') return true;
    await keyboard.press('ArrowLeft');
    return undefined;
  });
  const selected = vscode.page.locator('.pane-body .monaco-list-row.selected');
  // Enter selects the first alone, whatever was selected before.
  await eventually('two selected lines', async () => {
    for (const key of ['Home', 'Enter', 'Shift+ArrowDown']) await keyboard.press(key);
    await vscode.page.waitForTimeout(500);
    return (await selected.count()) === 2 || undefined;
  });
  await typed('GRAIN: Compare runs');
  await vscode.page.getByRole('tab', { name: 'Compare: 8 runs of rings' }).waitFor();
  const frame = await vscode.panelWith('compared-curves');
  const table = frame.getByRole('region', { name: 'Results of runs' });
  const title = table.getByRole('button', { name: 'accuracy', exact: true });
  await title.waitFor();
  assert.equal(await table.locator('[aria-sort=ascending]').count(), 0);
  await eventually('the title of a column under the focus', async () => {
    await keyboard.press('Tab');
    const isThere = await title.evaluate((button: unknown) => {
      const { document } = globalThis as unknown as { document: { activeElement: unknown } };
      return document.activeElement === button;
    });
    return isThere || undefined;
  });
  await keyboard.press('Enter');
  await table.locator('[aria-sort=ascending]').waitFor();
});

test('runs of another tool are imported and compared', async () => {
  const { vscode, workspace } = window;
  await vscode.command('GRAIN: Import TensorBoard runs');
  const input = vscode.page.locator('.quick-input-widget input').first();
  const folder = `${path.join(workspace, 'elsewhere')}/`;
  await eventually('the folder in the dialog, which fills in one of its own', async () => {
    await input.fill(folder);
    await vscode.page.waitForTimeout(500);
    return (await input.inputValue()) === folder || undefined;
  });
  await vscode.page.locator('.quick-input-widget').getByRole('button', { name: 'Import' }).click();
  const toast = window.toast('Imported 2 runs of elsewhere');
  await toast.getByRole('button', { name: 'Compare' }).click();
  await vscode.page.getByRole('tab', { name: 'Compare: 2 runs of elsewhere' }).waitFor();
  await window.row('baseline').first().waitFor();
  await eventually('the imported curve', async () => {
    const frame = await vscode.panelWith('compared-curves');
    const { datasets } = await chartData(frame, 'compared-curves');
    return datasets.some(({ label, data }) => label === 'baseline' && data.length > 5) || undefined;
  });
});

test('several selected runs are deleted together, after one question', async () => {
  const { vscode } = window;
  await vscode.select(window.row('elsewhere').first());
  await vscode.command('GRAIN: Delete run');
  const dialog = vscode.page.locator('.monaco-dialog-box', {
    hasText: 'Delete 2 runs of elsewhere?',
  });
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await eventually('no imported run', async () => {
    return (await window.row('elsewhere').count()) === 0 || undefined;
  });
});
