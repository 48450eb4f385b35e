import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolsInTheLightOf } from '../../src/cinder/evidence.ts';
import { pool } from './samples.ts';

const reading = <T>(value: T, readAt: number) => ({ value, readAt, cinderTimeMs: undefined });
const words = (word: string | null, readAt = 2) => reading(new Map([['a@b', word]]), readAt);

const CASES: readonly {
  name: string;
  said: (string | undefined)[];
  word: string | null;
  readAt?: number;
  judged: (string | undefined)[];
}[] = [
  { name: 'a newer down of a single pool counts', said: ['up'], word: 'down', judged: ['down'] },
  { name: 'so does a newer up of a pool that says its state', said: ['down'], word: 'up', judged: ['up'] },
  { name: 'a silent pool does not begin to speak by a default', said: [undefined], word: 'up', judged: [undefined] },
  { name: 'a silent pool that is listed down is down', said: [undefined], word: 'down', judged: ['down'] },
  { name: 'null is no news', said: ['up'], word: null, judged: ['up'] },
  { name: 'an older list is no news', said: ['up'], word: 'down', readAt: 1, judged: ['up'] },
  { name: 'of several pools the list tells only the last', said: ['up', 'up'], word: 'down', judged: ['up', 'up'] },
];

for (const { name, said, word, readAt, judged } of CASES) {
  test(name, () => {
    const pools = said.map((backendState, i) => ({ ...pool(`a@b#p${i}`), backendState }));
    const result = poolsInTheLightOf(words(word, readAt), reading(pools, 1));
    assert.deepEqual(
      result?.map(({ backendState }) => backendState),
      judged,
    );
  });
}
