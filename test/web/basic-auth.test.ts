import assert from 'node:assert/strict';
import test from 'node:test';
import { Secret } from '../../src/config/secret.ts';
import { createAuthenticator } from '../../src/web/basic-auth.ts';
import { createRateLimiter } from '../../src/web/guard.ts';
import { HASH, PASSWORD } from './web-folder.ts';

const USERS = new Map([['alice', new Secret(HASH)]]);
const wrong = (user: string, password: string) => ({ user, password });

/** Compares by the rule "the hash is the password in capitals", and writes down how often it was asked. */
function counted(limits = { most: 100, mostPerClient: 100 }) {
  const compared: string[] = [];
  const authenticate = createAuthenticator(async (password, hash) => {
    compared.push(password);
    await Promise.resolve();
    return password.toUpperCase() === hash;
  }, limits);
  return { authenticate, compared };
}

test('bcrypt itself is asked, for a known password and for an unknown user', async () => {
  const authenticate = createAuthenticator();
  assert.equal(await authenticate(USERS, { user: 'alice', password: PASSWORD }, '::1'), 'accepted');
  assert.equal(await authenticate(USERS, { user: 'alice', password: 'x' }, '::1'), 'refused');
  assert.equal(await authenticate(USERS, { user: 'mallory', password: PASSWORD }, '::1'), 'refused');
});

test('an unknown user costs one comparison with a hash of the known, even with the right password for it', async () => {
  const { authenticate, compared } = counted();
  const users = new Map([['alice', new Secret('OPEN')]]);
  assert.equal(await authenticate(users, wrong('mallory', 'open'), 'a'), 'refused');
  assert.equal(await authenticate(users, wrong('mallory', 'open'), 'a'), 'refused');
  assert.deepEqual(compared, ['open']);
  assert.equal(await authenticate(new Map(), wrong('mallory', 'open'), 'a'), 'refused');
});

test('answers are remembered, good and bad, until the hash changes', async () => {
  const { authenticate, compared } = counted();
  const ask = (hash: string, password: string) =>
    authenticate(new Map([['alice', new Secret(hash)]]), { user: 'alice', password }, 'a');
  for (let i = 0; i < 3; i += 1) {
    assert.equal(await ask('OPEN', 'open'), 'accepted');
    assert.equal(await ask('OPEN', 'guess'), 'refused');
  }
  assert.deepEqual(compared, ['open', 'guess']);
  assert.equal(await ask('CHANGED', 'open'), 'refused');
  assert.equal(await ask('CHANGED', 'changed'), 'accepted');
  assert.equal(compared.length, 4);
});

test('two thousand guesses do not make it forget who knows the password', async () => {
  const compared: string[] = [];
  const authenticate = createAuthenticator(
    (password) => (compared.push(password), Promise.resolve(password === 'open')),
    { most: 20_000, mostPerClient: 20_000 },
  );
  await authenticate(USERS, wrong('alice', 'open'), 'a');
  const guesses = Array.from({ length: 2000 }, (_, i) => authenticate(USERS, wrong('alice', `guess ${i}`), 'b'));
  assert.ok((await Promise.all(guesses)).every((verdict) => verdict === 'refused'));
  assert.equal(await authenticate(USERS, wrong('alice', 'open'), 'a'), 'accepted');
  assert.equal(compared.filter((password) => password === 'open').length, 1);
});

test('one comparison at a time; the same credentials at once share one; too many wait for nothing', async () => {
  let running = 0;
  let most = 0;
  const open: (() => void)[] = [];
  const authenticate = createAuthenticator(
    async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => open.push(resolve));
      running -= 1;
      return true;
    },
    { most: 6, mostPerClient: 4 },
  );
  const same = [1, 2, 3].map(() => authenticate(USERS, wrong('alice', 'same'), 'a'));
  const others = [1, 2, 3, 4].map((i) => authenticate(USERS, wrong('alice', `other ${i}`), 'a'));
  const elsewhere = [1, 2, 3].map((i) => authenticate(USERS, wrong('alice', `more ${i}`), 'b'));
  const all = Promise.all([...same, ...others, ...elsewhere]);
  const doors = setInterval(() => open.shift()?.(), 1);
  await all.finally(() => clearInterval(doors));
  assert.equal(most, 1);
  const [a, b, c] = ['accepted', 'accepted', 'accepted'];
  assert.deepEqual(await all, [a, b, c, 'accepted', 'accepted', 'accepted', 'busy', 'accepted', 'accepted', 'busy']);
});

test("a comparison that fails is nobody else's failure", async () => {
  let fail = true;
  const authenticate = createAuthenticator(() =>
    fail ? Promise.reject(new Error('no memory')) : Promise.resolve(true),
  );
  await assert.rejects(authenticate(USERS, wrong('alice', 'x'), 'a'), /no memory/);
  fail = false;
  assert.equal(await authenticate(USERS, wrong('alice', 'x'), 'a'), 'accepted');
});

test('a token bucket fills again with time, up to the burst', () => {
  let nowMs = 0;
  const allowed = createRateLimiter({ intervalMs: 100, burst: 2 }, () => nowMs);
  const take = (count: number): boolean[] => Array.from({ length: count }, allowed);
  assert.deepEqual(take(3), [true, true, false]);
  nowMs = 150;
  assert.deepEqual(take(2), [true, false]);
  nowMs = 10_000;
  assert.deepEqual(take(3), [true, true, false]);
});
