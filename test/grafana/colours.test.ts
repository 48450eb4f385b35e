import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CODED_CONDITIONS, CONDITION_COLOURS } from '../../grafana/src/conditions.ts';
import { CONDITIONS } from '../../src/cinder/conditions.ts';
import { DIRECTORY, UIDS } from './shipped.ts';

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** How eyes differ. Source: Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB. */
const EYES: Readonly<Record<string, Matrix>> = {
  'all cones': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linear(hex: string): Triple {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function times(matrix: Matrix, [r, g, b]: Triple): Triple {
  const row = ([x, y, z]: Triple): number => Math.min(1, Math.max(0, x * r + y * g + z * b));
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
}

/** CIE L*a*b* under D65. */
function lab([r, g, b]: Triple): Triple {
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

for (const [eye, matrix] of Object.entries(EYES)) {
  test(`the colours are told apart with ${eye}`, () => {
    const seen = CONDITIONS.map((condition) => lab(times(matrix, linear(CONDITION_COLOURS[condition]))));
    for (const [i, a] of seen.entries()) {
      for (const [j, b] of seen.entries()) {
        const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
        assert.ok(i === j || distance > 15, `${CONDITIONS[i]} and ${CONDITIONS[j]}: ${distance.toFixed(1)}`);
      }
    }
  });
}

/** WCAG 2: from 1 to 21. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [r, g, b] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * The colours of words that Grafana chooses, in both themes alike. Sources: grafana/grafana, packages/grafana-ui/src/utils/colors.ts,
 * `getTextColorForAlphaBackground` (tables, stats), and packages/grafana-data/src/themes/createColors.ts, `getContrastText` with the threshold 3 that
 * public/app/core/components/TimelineChart/timeline.ts gives it.
 */
function wordsOn(colour: string): readonly string[] {
  const channel = (at: number): number => Number.parseInt(colour.slice(at, at + 2), 16);
  const brightness = (channel(1) * 299 + channel(3) * 587 + channel(5) * 114) / 1000;
  return [brightness > 180 ? '#202226' : '#F7F8FA', contrast(colour, '#FFFFFF') >= 3 ? '#FFFFFF' : '#000000'];
}

test('words are legible on every colour of every dashboard: contrast 4.5 or more in both themes', () => {
  const colours = new Set<string>(Object.values(CONDITION_COLOURS));
  for (const uid of UIDS) {
    const text = readFileSync(new URL(`${uid}.json`, DIRECTORY), 'utf8');
    for (const [, colour = ''] of text.matchAll(/"(?:color|fixedColor)": "([^"]+)"/g)) colours.add(colour);
    assert.ok(!/"color-text"|"background"/.test(text), `${uid}: text in a colour, or a gradient`);
  }
  // Nothing is filled: the words have the theme's colour.
  colours.delete('transparent');
  // Of a timeline without a mapping for a value.
  colours.delete('text');
  for (const colour of colours) {
    assert.match(colour, /^#[0-9A-F]{6}$/);
    for (const words of wordsOn(colour))
      assert.ok(contrast(colour, words) >= 4.5, `${words} on ${colour}: ${contrast(colour, words).toFixed(2)}`);
  }
  assert.deepEqual(wordsOn('#FF9080'), ['#F7F8FA', '#000000']);
  assert.ok(contrast('#FF9080', '#F7F8FA') < 2.3, 'as it was');
});

test('each condition has one number, and up is the best', () => {
  assert.deepEqual(CODED_CONDITIONS.map(({ condition }) => condition).toSorted(), [...CONDITIONS].toSorted());
  assert.deepEqual(
    CODED_CONDITIONS.map(({ code }) => code),
    [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  );
  assert.equal(CODED_CONDITIONS.at(-1)?.condition, 'up');
  assert.equal(CODED_CONDITIONS[0]?.condition, 'down');
});

test('what pages is red: more red than green and blue', () => {
  for (const condition of ['down', 'service_down', 'stale', 'unresponsive', 'failing'] as const) {
    const [r, g, b] = linear(CONDITION_COLOURS[condition]);
    assert.ok(r > 2 * g && r > 2 * b, condition);
  }
});

test('every panel that maps the numbers of conditions uses these colours', () => {
  for (const [uid, panels] of [
    ['cinder-backends', 3],
    ['cinder-backend', 2],
  ] as const) {
    let maps = 0;
    JSON.parse(
      readFileSync(new URL(`${uid}.json`, DIRECTORY), 'utf8'),
      (key, value: Record<string, { text?: string; color?: string }>) => {
        if (key === 'options' && value['8']?.text !== undefined) {
          maps += 1;
          for (const { code, condition, words } of CODED_CONDITIONS)
            assert.deepEqual([value[code]?.text, value[code]?.color], [words, CONDITION_COLOURS[condition]]);
        }
        return value;
      },
    );
    assert.equal(maps, panels, uid);
  }
});
