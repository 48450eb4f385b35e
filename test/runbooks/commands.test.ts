import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readText } from '../alerts/shipped.ts';
import { NOT_RUN } from './not-run.ts';
import { capitals, commandsOf, PAGES, placeholders, program, PROGRAMS } from './pages.ts';
import { PLAYS } from './plays.ts';

const ADDRESSES = new Set(['EXPORTER', 'CINDER', 'KEYSTONE', 'PROMETHEUS']);

test('every command of every runbook is run by the real suite, or is listed with the reason why not', () => {
  for (const page of PAGES) {
    const commands = commandsOf(page).map(({ text }) => text);
    assert.ok(commands.length > 0, page);
    const shown = Object.keys(PLAYS[page]?.shows ?? {});
    const told = commands.filter((text) => !(text in NOT_RUN));
    assert.deepEqual([...new Set(told)].toSorted(), shown.toSorted(), page);
  }
});

test('nothing is listed that no runbook tells', () => {
  assert.deepEqual(Object.keys(PLAYS).toSorted(), PAGES.toSorted());
  const all = new Set(PAGES.flatMap((page) => commandsOf(page).map(({ text }) => text)));
  assert.deepEqual(
    Object.keys(NOT_RUN).filter((text) => !all.has(text)),
    [],
  );
});

test('blocks are of shell, with programs that are known, so that the same command is found in the text', () => {
  for (const page of PAGES) {
    const fences = [...readText(`docs/runbooks/${page}.md`).matchAll(/^ *```(.*)$/gm)].map(([, kind]) => kind);
    assert.deepEqual(fences, ['sh', ''], page);
    for (const { text } of commandsOf(page)) assert.ok(PROGRAMS.has(program(text)), `${page}: ${text}`);
  }
});

test('a page that asks /metrics says what to ask with several clouds, where that has no cloud', () => {
  const asking = PAGES.filter((page) => commandsOf(page).some(({ text }) => text.includes('/metrics')));
  assert.ok(asking.length > 10);
  for (const page of asking) {
    const text = readText(`docs/runbooks/${page}.md`);
    // The one whose cause it may be.
    if (page !== 'CinderExporterNoData')
      assert.match(text, /^With several clouds ask `\/probe\?cloud=NAME` in place of `\/metrics`/m, page);
  }
});

test('the label by which kubectl finds the exporter is the one that we deploy with', () => {
  const asked = PAGES.flatMap((page) => commandsOf(page)).flatMap(
    ({ text }) => /kubectl .* -l (\S+)$/.exec(text)?.[1] ?? [],
  );
  assert.equal(asked.length, 1);
  assert.ok(readText('deploy/kubernetes/deployment.yaml').includes(`    ${asked[0]?.replace('=', ': ')}\n`));
});

test('the index explains every word in capitals, and the real suite puts something in for it', () => {
  const explained = placeholders();
  const used = new Set<string>();
  for (const page of PAGES) {
    for (const { text } of commandsOf(page)) {
      for (const word of capitals(text)) {
        assert.ok(explained.includes(word), `${page}: ${word} in ${text}`);
        assert.ok(ADDRESSES.has(word) || PLAYS[page]?.words[word] !== undefined, `${page}: ${word}`);
        used.add(word);
      }
    }
  }
  assert.deepEqual(explained.toSorted(), [...used].toSorted());
});
