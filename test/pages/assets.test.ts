import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CONDITIONS } from '../../src/cinder/conditions.ts';
import { ASSETS } from '../../src/pages/assets.ts';

const source = new URL('../../src/pages/browser/', import.meta.url);
const built = new URL('../../dist/browser/', import.meta.url);

test('what browsers get is in the build, as it is', () => {
  const files = readdirSync(source).filter((file) => file !== 'tsconfig.json');
  assert.deepEqual(readdirSync(built), files);
  for (const file of files)
    assert.equal(readFileSync(new URL(file, built), 'utf8'), readFileSync(new URL(file, source), 'utf8'), file);
});

test('each condition has its colours in the style sheet, in both themes', () => {
  for (const condition of CONDITIONS) {
    const times = (start: string): number => ASSETS['status.css'].body.split(start).length - 1;
    assert.deepEqual([times(`.c-${condition} {`), times(`.k-${condition} {`)], [2, 1], condition);
  }
});
