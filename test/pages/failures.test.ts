import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenSpecs } from '../../src/cinder/types.ts';
import { headlineOf } from '../../src/pages/headline.ts';
import { explainFailures } from '../../src/pages/failures.ts';
import { NOW } from './cinder.ts';
import { one } from './clouds.ts';
import { watchedCloud, type CloudState } from './watched.ts';

const troubles = (failures: NonNullable<CloudState['failures']>) =>
  explainFailures(watchedCloud('prod').become({ failures }));
const connect = (message: string) =>
  troubles({ services: { reason: 'connect', message: `GET https://c/v3/os-services: ${message}` } })[0]?.what;

test('a refused password stops both collectors, and is told once, since the first', () => {
  const message =
    'Keystone refused the login by password: POST https://k/v3/auth/tokens: 401: The request you have made requires authentication. (req-1)';
  const [trouble, ...others] = troubles({
    services: { reason: 'auth', message },
    pools: { reason: 'auth', message, sinceMs: NOW - 900_000 },
  });
  assert.deepEqual(others, []);
  assert.equal(trouble?.what, 'Keystone refused the login');
  assert.deepEqual(trouble.collectors, ['services', 'pools']);
  assert.equal(trouble.sinceMs, NOW - 900_000);
  assert.equal(trouble.message, message);
});

test('403 names the policy rule that would open it, each its own', () => {
  const message = '403: not allowed';
  const both = troubles({ services: { reason: 'forbidden', message }, pools: { reason: 'forbidden', message } });
  assert.deepEqual(
    both.map(({ what, rule }) => [what, rule]),
    [
      ['Cinder forbids this user to read the service list', 'volume_extension:services:index'],
      ['Cinder forbids this user to read the driver stats', 'scheduler_extension:scheduler_stats:get_pools'],
    ],
  );
});

test('extra specs that are hidden: the rule that hides them, and what is lost', () => {
  const hidden = hiddenSpecs([{ id: 't', name: 't', specs: new Map(), toldQos: false }], {
    admin: false,
    redacts: true,
  });
  const [trouble] = troubles({ volume_types: { reason: 'forbidden', message: hidden ?? '' } });
  assert.equal(trouble?.rule, 'volume_extension:types_extra_specs:read_sensitive');
  assert.match(`${trouble?.what}. ${trouble?.help}`, /not show .* all extra specs.*CinderVolumeTypeDown cannot fire/);
  const [refused] = troubles({ volume_types: { reason: 'forbidden', message: '403' } });
  assert.equal(refused?.rule, 'volume_extension:type_get_all');
});

test('what Node and OpenSSL say of a connection, in plain words', () => {
  assert.equal(connect('self-signed certificate in certificate chain'), "The server's certificate is not trusted");
  assert.equal(connect('unable to verify the first certificate'), "The server's certificate is not trusted");
  assert.equal(connect('certificate has expired'), "The server's certificate has expired");
  assert.equal(
    connect("Hostname/IP does not match certificate's altnames: IP: 10.0.0.1 is not in the cert's list"),
    "The server's certificate is for another name",
  );
  assert.equal(connect('connect ECONNREFUSED 127.0.0.1:8776'), 'The connection was refused');
  assert.equal(connect('getaddrinfo ENOTFOUND keystone.example.net'), 'The name of the server could not be resolved');
  assert.equal(
    connect('write EPROTO 00:error:0A00010B:SSL routines::wrong version number'),
    'No TLS connection could be made',
  );
  // What Node.js says is not shown when it holds a secret: our words alone say the same.
  for (const [ours, what] of [
    ['the certificate is not trusted', "The server's certificate is not trusted"],
    ['the certificate is too old', "The server's certificate has expired"],
    ['the certificate is not valid yet', "The server's certificate is not valid yet"],
    ['the certificate is for another name', "The server's certificate is for another name"],
    ['the connection was refused', 'The connection was refused'],
    ['the name has no address', 'The name of the server could not be resolved'],
    ['the name could not be looked up', 'The name of the server could not be resolved'],
  ] as const)
    assert.equal(connect(ours), what);
  assert.equal(connect('socket hang up'), 'The server cannot be reached');
});

test('a slow scheduler is not a slow cloud', () => {
  assert.equal(
    troubles({ pools: { reason: 'timeout', message: 'late' } })[0]?.what,
    'No scheduler answers for the driver stats',
  );
  assert.equal(
    troubles({ services: { reason: 'timeout', message: 'late' } })[0]?.what,
    'The cloud does not answer in time',
  );
  assert.deepEqual(troubles({}), []);
});

test('counts that are refused: which rule opens them, and that all else is as before', () => {
  const told = (path: string) =>
    troubles({ volumes: { reason: 'forbidden', message: `GET https://c/v3/${path}: 403: not allowed` } }).map(
      ({ what, rule }) => [what, rule],
    );
  const what = 'Cinder forbids this user to count volumes, snapshots or backups';
  assert.deepEqual(told('volumes'), [[what, 'volume:get_all']]);
  assert.deepEqual(told('snapshots'), [[what, 'volume:get_all_snapshots']]);
  assert.deepEqual(told('backups'), [[what, 'backup:get_all']]);
});

test('counts that fail do not take the green from a page on which all is well', () => {
  const { tone, short } = headlineOf([
    {
      name: 'c',
      snapshot: watchedCloud('c').become({
        ...one(),
        failures: { volumes: { reason: 'timeout', message: 'no answer' } },
      }),
    },
  ]);
  assert.deepEqual([tone, short], ['good', 'all right']);
});
