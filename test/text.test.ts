import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleJson, withoutControls } from '../src/text.ts';

test('what nobody sees is shown as its escape', () => {
  assert.equal(withoutControls('ctl1@\u202Eevil\u202C\u0000\n'), 'ctl1@\\u202eevil\\u202c\\u0000\\u000a');
  assert.equal(withoutControls('a\u200bb\u061cc\u2066d\ufeff\u009b'), 'a\\u200bb\\u061cc\\u2066d\\ufeff\\u009b');
});

test('other scripts and signs stay as they are', () => {
  const text = 'مضيف@خلفية ❄\ufe0e é 💾 "quoted" \\';
  assert.equal(withoutControls(text), text);
});

test('a run of them becomes one replacement', () => {
  assert.equal(withoutControls('a\r\nb\u202e\u0007c', ' '), 'a b c');
});

test('JSON stays JSON', () => {
  const value = { text: 'a\u0000\u009b\u202e\u2028"\\' };
  for (const [json, lines] of [
    [visibleJson(value), 1],
    [visibleJson(value, 2), 3],
  ] as const) {
    assert.deepEqual(JSON.parse(json), value);
    assert.match(json, /^[\x20-\x7e\n]+$/);
    assert.equal(json.split('\n').length, lines);
  }
});
