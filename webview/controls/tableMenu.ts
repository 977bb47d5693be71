import { copyText, saveFile } from '../export/files.ts';
import { csvOf, markdownOf, type Sheet } from '../export/sheet.ts';
import { action, Menu } from './menu.ts';

/** The menu of a table: to copy and to save it. */
export function tableMenu(title: string, sheet: () => Sheet): Menu {
  return new Menu(
    '⋯',
    `${title}: copy and save`,
    action('Copy as CSV', () => copyText(csvOf(sheet()))),
    action('Copy as Markdown', () => copyText(markdownOf(sheet()))),
    action('Save as CSV…', () => saveFile(title, 'csv', csvOf(sheet()))),
    action('Save as Markdown…', () => saveFile(title, 'md', markdownOf(sheet()))),
  );
}
