import assert from 'node:assert/strict';
import { send } from '../lab/answer.ts';
import type { Answer, Question } from '../lab/answer.ts';
import type { Lab } from '../lab/lab.ts';
import { persist } from '../lab/sqlite.ts';
import { waitFor } from '../support/wait-for.ts';

/** Volume types by name, and the backend that serves each. */
const TYPES: Readonly<Record<string, string>> = {
  gold: 'down',
  plain: 'single',
  several: 'pools',
  leaving: 'gone',
  bare: 'empty',
};
/** Volumes by name, and their types. */
const VOLUMES: Readonly<Record<string, string>> = {
  precious: 'gold',
  large: 'plain',
  pooled: 'several',
  left: 'leaving',
  kept: 'bare',
};

interface Volume {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly 'os-vol-host-attr:host': string | null;
}

/** The volumes of the administrator's project. */
export async function volumesOf(lab: Lab): Promise<readonly Volume[]> {
  return ((await lab.get('/volumes/detail')).json as { readonly volumes: readonly Volume[] }).volumes;
}

/** Asks for a volume, and waits for nothing. */
export async function askForVolume(lab: Lab, name: string, volume_type: string): Promise<void> {
  const headers = { 'x-auth-token': await lab.token() };
  const body = { volume: { name, size: 1, volume_type } };
  const made = await persist(() => send(`${lab.cinder}/v3/volumes`, { headers, body }));
  assert.equal(made.status, 202, made.text);
}

/** Makes the types and volumes that runbooks look for, while every backend is well. */
export async function makeVolumes(lab: Lab): Promise<void> {
  for (const [name, backend] of Object.entries(TYPES)) await lab.volumeType(name, { volume_backend_name: backend });
  for (const [name, type] of Object.entries(VOLUMES)) await makeVolume(lab, name, type);
}

/** Makes a volume of 2 GiB, unless there is one of that name, and waits until it is available. One that failed is made anew. */
export async function makeVolume(lab: Lab, name: string, type: string): Promise<void> {
  const token = await lab.token();
  const ask = (path: string, question: Question): Promise<Answer> =>
    send(`${lab.cinder}/v3${path}`, {
      ...question,
      headers: { 'x-auth-token': token, 'openstack-api-version': 'volume 3.23' },
    });
  let refused = false;
  await waitFor(
    `a volume ${name}`,
    async () => {
      const found = (await volumesOf(lab)).find((volume) => volume.name === name);
      if (found?.status === 'available') return true;
      if (found === undefined) {
        const answer = await ask('/volumes', { body: { volume: { name, size: 2, volume_type: type } } });
        refused = answer.status === 500;
      } else if (refused || found.status === 'error') {
        await ask(`/volumes/${found.id}?force=true`, { method: 'DELETE' });
      }
      throw new Error(JSON.stringify(found));
    },
    60_000,
  );
}
