import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { Overtaken } from '../../../src/extension/configs/overtaken.ts';

/** Requests as VS Code's InlayHintsController does: it listens to changes only from an answer to the next request. */
class Editor {
  shown = '';
  #listens = false;
  readonly #provide: () => Promise<string>;

  constructor(provide: () => Promise<string>) {
    this.#provide = provide;
  }

  async request(): Promise<void> {
    this.#listens = false;
    this.shown = await this.#provide();
    this.#listens = true;
  }

  readonly onChange = (): void => {
    if (this.#listens) void this.request();
  };
}

test('what changes while VS Code waits for an answer is shown as well', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  let state = '… 97 %';
  let finishReading = () => {};
  const overtaken = new Overtaken(() => editor.onChange());
  const editor = new Editor(() =>
    overtaken.answer(async () => {
      const then = state;
      await new Promise<void>((resolve) => {
        finishReading = resolve;
      });
      return then;
    }),
  );
  void editor.request();
  state = '✓';
  overtaken.changed();
  finishReading();
  await settled();
  assert.equal(editor.shown, '… 97 %');
  mock.timers.tick(500);
  finishReading();
  await settled();
  assert.equal(editor.shown, '✓');
  let requests = 0;
  editor.request = async () => void requests++;
  mock.timers.tick(10_000);
  assert.equal(requests, 0, 'an answer that is up to date is not asked for again');
});
