import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../lab/answer.ts';
import type { Expected } from './case.ts';
import { judge } from './judge.ts';
import { absent, anyOrder, including, keys } from './pattern.ts';

const row = { binary: 'cinder-volume', host: 'lab@single', backend_state: null, frozen: false };
const pool = { name: 'lab@single#a b/ä', capabilities: { backend_state: 'up', free_capacity_gb: 2.5 } };
const json = { services: [row], pools: [pool] };
const answer: Answer = { status: 200, headers: { vary: 'X' }, text: JSON.stringify(json), json, tookMs: 50 };

const right: readonly Expected[] = [
  { status: 200, headers: { vary: 'X', date: absent }, atLeastMs: 10, atMostMs: 100 },
  { status: 200, services: { 'cinder-volume lab@single': { backend_state: null, cluster: absent } } },
  { status: 200, services: { 'cinder-volume lab@single': keys('host', 'binary', 'frozen', 'backend_state') } },
  { status: 200, pools: { 'lab@single#a b/ä': { free_capacity_gb: 2.5 }, 'lab@single': absent } },
  {
    status: 200,
    poolNames: ['lab@single#a b/ä'],
    json: { pools: including({ name: /^lab@/ }), services: anyOrder({}) },
  },
];
for (const [index, expected] of right.entries()) {
  test(`an answer that keeps the contract, ${index + 1}`, () => assert.equal(judge(answer, expected), undefined));
}

const wrong: readonly (readonly [string, Expected])[] = [
  ['status', { status: 500 }],
  ['header', { status: 200, headers: { vary: 'Y' } }],
  ['header too many', { status: 200, headers: { vary: absent } }],
  ['too slow', { status: 200, atMostMs: 40 }],
  ['too fast', { status: 200, atLeastMs: 60 }],
  ['JSON instead of a page', { status: 200, html: true }],
  ['null is not a missing key', { status: 200, services: { 'cinder-volume lab@single': { backend_state: absent } } }],
  ['null is not a word', { status: 200, services: { 'cinder-volume lab@single': { backend_state: 'up' } } }],
  ['a missing row', { status: 200, services: { 'cinder-volume lab@pools': {} } }],
  ['a row too many', { status: 200, services: { 'cinder-volume lab@single': absent } }],
  ['a key too many', { status: 200, services: { 'cinder-volume lab@single': keys('host', 'binary', 'frozen') } }],
  ['a number is not its text', { status: 200, pools: { 'lab@single#a b/ä': { free_capacity_gb: '2.5' } } }],
  ['a pool too many', { status: 200, poolNames: [] }],
  ['a pool too few', { status: 200, poolNames: ['lab@single#a b/ä', 'lab@pools#x'] }],
  ['an element too many', { status: 200, json: { services: [] } }],
  ['an element that fits nothing', { status: 200, json: { services: anyOrder({ host: 'lab@pools' }) } }],
  ['nothing that fits', { status: 200, json: { pools: including({ name: /^other/ }) } }],
];
for (const [name, expected] of wrong) {
  test(`an answer that breaks the contract: ${name}`, () => assert.equal(typeof judge(answer, expected), 'string'));
}
