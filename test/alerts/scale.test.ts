import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, scaled } from '../../src/duration.ts';
import { renderRules } from '../../src/rules/render.ts';
import { defaultSettings, scaleDurations, SETTINGS, SettingsError } from '../../src/rules/settings.ts';
import { rulesOf } from './shipped.ts';

/** Numbers in an expression that are durations in seconds. */
const SECONDS = new Map([
  ['604800', '30240'],
  ['86400', '4320'],
  ['345600', '17280'],
  ['3600', '180'],
  ['300', '15'],
  ['30', '1.5'],
]);

test('scaling changes every duration by the factor, and nothing else in the rules', () => {
  const full = rulesOf(renderRules(defaultSettings()));
  const small = rulesOf(renderRules(scaleDurations(defaultSettings(), 0.05)));
  assert.equal(small.length, full.length);
  const times = (text: string | undefined) => (text === undefined ? undefined : scaled(text, 0.05));
  for (const [index, rule] of full.entries()) {
    const expr = rule.expr
      .replaceAll(/\[(\w+)\]/g, (_, range: string) => `[${scaled(range, 0.05)}]`)
      .replaceAll(/ offset (\w+)/g, (_, before: string) => ` offset ${scaled(before, 0.05)}`)
      .replaceAll(
        /([<>] -?|, )(\d{2,})\b/g,
        (_, before: string, seconds: string) => `${before}${SECONDS.get(seconds) ?? `unexpected ${seconds}`}`,
      );
    const { description = '', ...annotations } = rule.annotations ?? {};
    const { description: smallDescription = '', ...smallAnnotations } = small[index]?.annotations ?? {};
    assert.deepEqual(
      { ...small[index], annotations: smallAnnotations },
      {
        ...rule,
        expr,
        ...(rule.for === undefined ? {} : { for: times(rule.for) }),
        ...(rule.keep_firing_for === undefined ? {} : { keep_firing_for: times(rule.keep_firing_for) }),
        annotations,
      },
    );
    // A description may quote a duration; its words stay.
    const words = (text: string) => text.replaceAll(/\b\d+(ms|[smhd])\b/g, 'DURATION');
    assert.equal(words(smallDescription), words(description));
  }
});

test('settings that are no durations stay as they are', () => {
  const before = defaultSettings();
  const after = scaleDurations(before, 0.05);
  for (const [name, { kind }] of Object.entries(SETTINGS)) {
    const [was, is] = [before[name as keyof typeof before], after[name as keyof typeof after]];
    if (kind === 'duration') assert.equal(parseDuration(is), (parseDuration(was) ?? NaN) * 0.05, name);
    else assert.equal(is, was, name);
  }
});

test('a factor that is none is refused', () => {
  for (const factor of [0, -1, NaN, Infinity])
    assert.throws(() => scaleDurations(defaultSettings(), factor), SettingsError);
});
