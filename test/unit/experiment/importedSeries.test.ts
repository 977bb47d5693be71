import assert from 'node:assert/strict';
import { test } from 'node:test';
import { methodAndSeed, rankingIn, seriesIn } from '../../../src/experiment/importedSeries.ts';

test('series by the names that trainers give them', () => {
  const huggingFace = ['train/loss', 'train/learning_rate', 'eval/loss', 'eval/f1', 'train/epoch'];
  assert.deepEqual(seriesIn(huggingFace), {
    loss: 'train/loss',
    rate: 'train/learning_rate',
    metrics: new Map([
      ['eval/loss', 'loss'],
      ['eval/f1', 'f1'],
      ['train/epoch', 'train/epoch'],
    ]),
  });
  const lightning = seriesIn(['Train_Loss', 'val_acc', 'test_acc']);
  assert.equal(lightning.loss, 'Train_Loss');
  assert.deepEqual([...lightning.metrics.values()], ['acc', 'test_acc'], 'no name twice');
  assert.equal(seriesIn(['a', 'b'], 'b').loss, 'b');
  assert.equal(seriesIn(['a']).loss, null);
});

test('the metric that ranks is a known one, or the one asked for', () => {
  assert.deepEqual(rankingIn(['x', 'loss', 'f1']), { name: 'f1', better: 'higher' });
  assert.deepEqual(rankingIn(['x', 'loss']), { name: 'loss', better: 'lower' });
  assert.deepEqual(rankingIn(['word error rate']), { name: 'word error rate', better: 'lower' });
  assert.deepEqual(rankingIn(['f1', 'bleu'], 'bleu'), { name: 'bleu', better: 'higher' });
});

test('method and seed by the name of a folder', () => {
  assert.deepEqual(methodAndSeed('baseline_seed3'), { method: 'baseline', seed: 3 });
  assert.deepEqual(methodAndSeed('lr=1e-3/seed=12'), { method: 'lr=1e-3', seed: 12 });
  assert.deepEqual(methodAndSeed('s7-wide'), { method: 'wide', seed: 7 });
  assert.deepEqual(methodAndSeed('cats2'), { method: 'cats2', seed: null });
  assert.deepEqual(methodAndSeed(''), { method: '', seed: null });
});
