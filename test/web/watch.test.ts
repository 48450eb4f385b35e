import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { watchWebConfig } from '../../src/web/watch.ts';
import { HASH, webFolder } from './web-folder.ts';
import type { WebFolder } from './web-folder.ts';

const USERS = `basic_auth_users: {alice: ${HASH}}\n`;
const TLS = 'tls_server_config: {cert_file: server.crt, key_file: server.key}\n';

/** Watches closely; `outcome` resolves at the next reading with the error's message or "read". */
function start(t: TestContext, document: string) {
  const folder: WebFolder = webFolder(t);
  return { folder, ...watching(t, folder.write('web.yml', document)) };
}

function watching(t: TestContext, file: string) {
  const lines: string[] = [];
  const waiting: ((outcome: string) => void)[] = [];
  const web = watchWebConfig(file, {
    log: (level, message, fields) => lines.push(`${level} ${message} ${String(fields?.['error'] ?? '')}`.trim()),
    onReload: (error) => {
      for (const resolve of waiting.splice(0)) resolve(error?.message ?? 'read');
    },
    intervalMs: 5,
  });
  // The watch alone does not keep the process alive.
  const alive = setInterval(() => undefined, 1000);
  t.after(() => (clearInterval(alive), web.close()));
  return { web, lines, outcome: () => new Promise<string>((resolve) => waiting.push(resolve)) };
}

test('the file is read again when it changes, also by a rename', async (t) => {
  const { folder, web, outcome, lines } = start(t, USERS);
  folder.write('web.yml', USERS.replace('alice', 'bob'));
  assert.equal(await outcome(), 'read');
  assert.deepEqual([...web.current().users.keys()], ['bob']);
  folder.write('new.yml', USERS.replace('alice', 'carol'));
  renameSync(join(folder.path, 'new.yml'), join(folder.path, 'web.yml'));
  assert.equal(await outcome(), 'read');
  assert.deepEqual([...web.current().users.keys()], ['carol']);
  assert.ok(lines.includes('info Web configuration read again'));
});

test('a bad file keeps the old state, is logged once, and is tried again until it is good', async (t) => {
  const { folder, web, outcome, lines } = start(t, USERS);
  folder.write('web.yml', 'basic_auth_user: {}\n');
  assert.match(await outcome(), /1:1: basic_auth_user: expected a known key/);
  await outcome();
  await outcome();
  assert.equal(lines.filter((line) => line.startsWith('error')).length, 1);
  assert.deepEqual([...web.current().users.keys()], ['alice']);
  folder.write('web.yml', USERS.replace('alice', 'bob'));
  while ((await outcome()) !== 'read');
  assert.deepEqual([...web.current().users.keys()], ['bob']);
});

test('an emptied or missing file opens no door', async (t) => {
  const { folder, web, outcome } = start(t, USERS);
  folder.write('web.yml', '');
  assert.match(await outcome(), /expected a mapping, got an empty file/);
  rmSync(join(folder.path, 'web.yml'));
  while (!(await outcome()).includes('got nothing of that name'));
  assert.deepEqual([...web.current().users.keys()], ['alice']);
});

/** Ways to make a file one that cannot even be looked at. Root may do everything else, so a folder without permissions is not among them. */
const OBSTACLES: Readonly<Record<string, (path: string) => void>> = {
  'a circle of links': (path) => symlinkSync(path, path),
  'a folder that became a file': (path) => {
    rmSync(dirname(path), { recursive: true });
    writeFileSync(dirname(path), '');
  },
  'a link to a name that is too long': (path) => symlinkSync('x'.repeat(300), path),
  'a folder': (path) => mkdirSync(path),
};

for (const [what, put] of Object.entries(OBSTACLES)) {
  for (const victim of ['conf/web.yml', 'certs/server.crt']) {
    test(`${victim} becomes ${what}: the old state stays, it is said, and it is tried again until it can be read`, async (t) => {
      const folder = webFolder(t);
      const path = join(folder.path, victim);
      const restore = (): void => {
        rmSync(dirname(path), { recursive: true, force: true });
        for (const name of ['conf', 'certs']) mkdirSync(join(folder.path, name), { recursive: true });
        for (const name of ['server.crt', 'server.key']) folder.copy(name, `certs/${name}`);
        folder.write('conf/web.yml', TLS.replaceAll('server.', '../certs/server.'));
      };
      restore();
      const { web, outcome } = watching(t, join(folder.path, 'conf/web.yml'));
      rmSync(path);
      put(path);
      assert.match(web.reload()?.message ?? 'nothing', new RegExp(victim.replace('/', '.*')));
      for (let times = 0; times < 3; times += 1) assert.notEqual(await outcome(), 'read');
      assert.ok(web.current().tls);
      restore();
      while ((await outcome()) !== 'read');
      folder.copy('rotated.crt', 'certs/server.crt');
      folder.copy('rotated.key', 'certs/server.key');
      while ((await outcome()) !== 'read');
    });
  }
}

test('TLS cannot be turned off or on while it runs', (t) => {
  const on = start(t, TLS + USERS);
  on.folder.write('web.yml', USERS);
  assert.match(on.web.reload()?.message ?? '', /expected TLS to stay on until a restart, got it off$/);
  assert.ok(on.web.current().tls);
  const off = start(t, USERS);
  off.folder.write('web.yml', TLS + USERS);
  assert.match(off.web.reload()?.message ?? '', /expected TLS to stay off until a restart, got it on$/);
});

test('certificates are watched too, also those that a new file names', async (t) => {
  const { folder, web, outcome } = start(t, TLS);
  const before = web.current().tls?.cert;
  folder.copy('rotated.crt', 'server.crt');
  folder.copy('rotated.key', 'server.key');
  while ((await outcome()) !== 'read');
  assert.notEqual(web.current().tls?.cert, before);
  folder.write('web.yml', TLS.replaceAll('server.', 'later.'));
  assert.match(await outcome(), /got nothing of that name/);
  folder.copy('expired.crt', 'later.crt');
  folder.copy('expired.key', 'later.key');
  while ((await outcome()) !== 'read');
  assert.deepEqual(web.current().warnings, ["The server's certificate ended on 2020-01-01."]);
});

test('a bad file at the start is an error, and nothing is watched', (t) => {
  const file = webFolder(t).write('web.yml', 'tls_server_config: {cert_file: server.crt}');
  assert.throws(() => watchWebConfig(file, { log: () => undefined }), /key_file: expected a file/);
});
