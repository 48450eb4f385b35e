import { after, before, describe, test } from 'node:test';
import { send } from '../lab/answer.ts';
import type { Answer } from '../lab/answer.ts';
import type { Release } from '../lab/release.ts';
import { waitFor } from '../support/wait-for.ts';
import { POOL_NAMES } from './base.ts';
import type { Ask, Case, Step } from './case.ts';
import type { Cloud, Who } from './cloud.ts';
import { CONTRACT } from './contract.ts';
import { judge } from './judge.ts';
import { isRecord } from './pattern.ts';
import { undoable } from './undoable.ts';

/** Declares what the contract says of a release as tests against one cloud, which is started first and ended last. */
export function runContract(name: string, release: Release, start: () => Promise<Cloud>): void {
  describe(`contract: ${name}`, () => {
    let cloud: Cloud | undefined;
    const tokens = new Map<Who, string>();
    before(async () => {
      cloud = await start();
    });
    after(async () => {
      await cloud?.down();
    });
    const holds = ({ from, before: until }: Case): boolean =>
      (from === undefined || from <= release) && (until === undefined || release < until);
    for (const one of CONTRACT.filter(holds)) {
      test(one.name, async () => {
        if (cloud === undefined) throw new Error('the cloud did not start');
        await runCase(cloud, one, tokens);
      });
    }
  });
}

async function runCase(cloud: Cloud, { steps }: Case, tokens: Map<Who, string>): Promise<void> {
  const { hands, undo } = undoable(cloud);
  try {
    const kept = new Map<string, string>();
    for (const step of steps) await runStep(hands, step, tokens, kept);
  } finally {
    const changed = await undo();
    if (changed) await healthy(cloud, tokens);
  }
}

async function runStep(cloud: Cloud, step: Step, tokens: Map<Who, string>, kept: Map<string, string>): Promise<void> {
  await step.arrange?.(cloud);
  const ask = typeof step.ask === 'function' ? step.ask(cloud, kept) : step.ask;
  let first: string | undefined;
  await waitFor(
    `the expected answer to ${ask.method ?? 'GET'} ${ask.path}`,
    async () => {
      if (first !== undefined) await step.again?.((one) => question(cloud, one, tokens), kept);
      const expected = typeof step.expect === 'function' ? step.expect(cloud) : step.expect;
      const answer = await question(cloud, ask, tokens);
      const problem = judge(answer, expected);
      // Of what is sent twice the first answer is the one that tells.
      first ??= problem;
      if (problem !== undefined) throw new Error(problem === first ? problem : `${problem}; at first: ${first}`);
      if (step.keep !== undefined) kept.set(step.keep, idIn(answer.json, step.keep));
      return true;
    },
    cloud.timing.deadlineMs,
    () => cloud.letTimePass(),
  );
}

/** Waits until nothing of a case is left: everything is up, and its stats are newer than the clearing-up. */
async function healthy(cloud: Cloud, tokens: Map<Who, string>): Promise<void> {
  const since = new Date(cloud.now()).toISOString().slice(0, -1);
  const newer = (value: unknown): boolean => typeof value === 'string' && value > since;
  const up = { status: 'enabled', state: 'up', updated_at: newer };
  const services = {
    'cinder-scheduler lab': up,
    'cinder-volume lab@single': { ...up, frozen: false, backend_state: 'up' },
    'cinder-volume lab@pools': { ...up, frozen: false, backend_state: 'up' },
    'cinder-volume lab@clustered': { ...up, frozen: false },
    'cinder-volume lab-b@clustered': { ...up, frozen: false },
  };
  const pools = Object.fromEntries(POOL_NAMES.map((name) => [name, { timestamp: newer }]));
  const steps: Step[] = [
    { ask: { path: '/os-services', microversion: '3.49' }, expect: { status: 200, services } },
    {
      ask: { path: '/scheduler-stats/get_pools?detail=true' },
      expect: { status: 200, pools, poolNames: POOL_NAMES },
    },
  ];
  for (const step of steps) await runStep(cloud, step, tokens, new Map());
}

function idIn(json: unknown, key: string): string {
  const found = isRecord(json) ? json[key] : undefined;
  return isRecord(found) ? String(found['id']) : '';
}

async function question(cloud: Cloud, ask: Ask, tokens: Map<Who, string>): Promise<Answer> {
  const who = ask.as === undefined ? 'admin' : ask.as;
  const identity = ask.to === 'identity' || ask.to === 'identity-root';
  const token = identity || who === null ? undefined : await tokenOf(cloud, who, tokens);
  const answer = await send(`${baseUrl(cloud, ask.to ?? 'volume')}${ask.path}`, {
    ...(ask.method === undefined ? {} : { method: ask.method }),
    ...(ask.body === undefined ? {} : { body: ask.body }),
    headers: {
      ...(token === undefined ? {} : { 'x-auth-token': token }),
      ...(ask.microversion === undefined ? {} : { 'openstack-api-version': `volume ${ask.microversion}` }),
      ...ask.headers,
    },
  });
  if (answer.status === 401 && who !== null) tokens.delete(who);
  return answer;
}

function baseUrl(cloud: Cloud, to: NonNullable<Ask['to']>): string {
  const url = to.startsWith('identity') ? cloud.identityUrl : cloud.volumeUrl;
  return to.endsWith('-root') ? url.replace(/\/v3$/, '') : url;
}

async function tokenOf(cloud: Cloud, who: Who, tokens: Map<Who, string>): Promise<string> {
  const known = tokens.get(who);
  if (known !== undefined) return known;
  const answer = await send(`${cloud.identityUrl}/auth/tokens`, { body: cloud.loginBody(who) });
  const token = answer.headers['x-subject-token'];
  if (token === undefined) throw new Error(`no token for ${who}: ${answer.status} ${answer.text}`);
  tokens.set(who, token);
  return token;
}
