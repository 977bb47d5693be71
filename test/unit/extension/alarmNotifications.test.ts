import assert from 'node:assert/strict';
import { test } from 'node:test';
import packageJson from '../../../package.json' with { type: 'json' };
import { alarmCodes } from '../../../src/config/alarms.ts';

test('every rule can be muted', () => {
  const { items } = packageJson.contributes.configuration.properties['grain.mutedAlarms'];
  assert.deepEqual(items.enum, alarmCodes);
});
