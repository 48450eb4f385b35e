import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { CONDITIONS } from '../../src/cinder/conditions.ts';
import { durationWords, SECOND } from '../../src/duration.ts';
import { ASSETS, iconSvg } from '../../src/pages/assets.ts';

const source = new URL('../../src/pages/browser/', import.meta.url);
const built = new URL('../../dist/browser/', import.meta.url);

test('what browsers get is in the build, as it is', () => {
  const files = readdirSync(source).filter((file) => file !== 'tsconfig.json');
  assert.deepEqual(readdirSync(built), files);
  for (const file of files)
    assert.equal(readFileSync(new URL(file, built), 'utf8'), readFileSync(new URL(file, source), 'utf8'), file);
});

test('the runbooks are in the build', () => {
  const names = (folder: string): string[] => readdirSync(new URL(folder, import.meta.url)).toSorted();
  assert.deepEqual(names('../../dist/runbooks/'), names('../../docs/runbooks/'));
});

test('each condition has its colours in the style sheet, in both themes', () => {
  for (const condition of CONDITIONS) {
    const times = (start: string): number => ASSETS['status.css'].body.split(start).length - 1;
    assert.deepEqual([times(`.c-${condition} {`), times(`.k-${condition} {`)], [2, 1], condition);
  }
});

test('browsers write ages as the server does', () => {
  const [, written] = /const ageText = (.*?^ {2}\});/ms.exec(ASSETS['status.js'].body) ?? [];
  const ageText = runInNewContext(`(${written})`) as typeof durationWords;
  for (const edge of [0, 1, 120, 3600, 7200, 86_400, 172_800, 31_536_000].map((seconds) => seconds * SECOND))
    for (const ms of [-SECOND, -501, -500, -1, 0, 1, 499, 500, SECOND].map((more) => edge + more))
      assert.equal(ageText(ms), durationWords(ms), `${ms} ms`);
});

test('the icon of a lost connection is none of a verdict', () => {
  const icons = ['good', 'warn', 'unsure', 'bad', 'lost'].map(iconSvg);
  assert.equal(new Set(icons).size, icons.length);
  assert.equal(iconSvg('__proto__'), iconSvg('unsure'));
});
