import type { Announcer } from '../announcer.ts';
import { action, Menu } from '../controls/menu.ts';
import { h } from '../dom.ts';
import { copyText, saveFile } from '../export/files.ts';
import { csvOf, type Sheet } from '../export/sheet.ts';
import { canvasOf, type Picture, svgOf } from './picture.ts';
import type { View } from './view.ts';

/** The menu of a chart: its picture and its data, to copy and to save; and how its vertical axis is drawn. */
export function chartMenu(
  picture: () => Picture,
  sheet: () => Sheet,
  announcer: Announcer,
  axis: readonly HTMLElement[] = [],
): Menu {
  const { title } = picture();
  const png = () => canvasOf(picture()).toDataURL('image/png');
  return new Menu(
    '⋯',
    `${title}: axis, image and data`,
    ...axis,
    action('Copy image', async () => announcer.answer(await copyImage(picture()))),
    action('Save image as PNG…', () => saveFile(title, 'png', png().split(',')[1]!)),
    action('Save image as SVG…', () => saveFile(title, 'svg', svgOf(picture()))),
    action('Copy data as CSV', () => copyText(csvOf(sheet()))),
    action('Save data as CSV…', () => saveFile(title, 'csv', csvOf(sheet()))),
  );
}

/** Fields for the vertical axis of a figure, which its view remembers. */
export function axisFields(id: string, view: View): HTMLElement[] {
  const logarithmic = h('input', { type: 'checkbox' });
  const limits = (['min', 'max'] as const).map((side) => {
    const input = h('input', { type: 'number', step: 'any', placeholder: 'auto' });
    input.addEventListener('change', () => {
      const value = input.valueAsNumber;
      view.setAxis(id, { [side]: Number.isNaN(value) ? null : value });
    });
    return { side, input };
  });
  logarithmic.addEventListener('change', () => {
    view.setAxis(id, { logarithmic: logarithmic.checked });
  });
  const show = () => {
    const axis = view.axisOf(id);
    logarithmic.checked = axis.logarithmic;
    for (const { side, input } of limits) {
      const value = axis[side];
      if (document.activeElement !== input) input.value = value === null ? '' : String(value);
    }
  };
  view.onChange(show);
  show();
  return [
    h('label', {}, logarithmic, 'Logarithmic axis'),
    ...limits.map(({ side, input }) =>
      h('label', {}, side === 'min' ? 'Lower limit' : 'Upper limit', input),
    ),
  ];
}

/** @returns what became of it */
async function copyImage(picture: Picture): Promise<string> {
  const blob = await new Promise<Blob | null>((resolve) => canvasOf(picture).toBlob(resolve));
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob! })]);
    return 'The image is on the clipboard.';
  } catch {
    return 'The image could not be copied. Save it as PNG instead.';
  }
}
