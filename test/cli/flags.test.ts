import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAGS, FlagError, parseFlags } from '../../src/cli/flags.ts';

test('without arguments every flag has its default', () => {
  assert.deepEqual(parseFlags([], FLAGS), {
    values: {
      'config.file': undefined,
      'config.check': false,
      'web.listen-address': [':10776'],
      'web.telemetry-path': '/metrics',
      'web.config.file': undefined,
      'web.enable-lifecycle': false,
      'log.level': 'info',
      'log.format': 'logfmt',
      version: false,
      help: false,
    },
    positionals: [],
  });
});

test('both ways to give a value, repeated addresses, positionals', () => {
  const args = ['check', '--config.file', 'a b.yaml', '--log.level=debug', '--web.listen-address=[::1]:0'];
  const { values, positionals } = parseFlags([...args, '--web.listen-address', ':1', '--version', 'host@lvm'], FLAGS);
  assert.equal(values['config.file'], 'a b.yaml');
  assert.equal(values['log.level'], 'debug');
  assert.deepEqual(values['web.listen-address'], ['[::1]:0', ':1']);
  assert.equal(values.version, true);
  assert.deepEqual(positionals, ['check', 'host@lvm']);
});

test('a command can add flags of its own', () => {
  const flags = [...FLAGS, { name: 'cloud', type: 'string', help: 'The cloud to check.' }] as const;
  assert.equal(parseFlags(['--cloud', 'prod@dc.1'], flags).values.cloud, 'prod@dc.1');
});

for (const [args, message] of [
  [['--web.listen-adress', ':1'], 'unknown flag --web.listen-adress, did you mean --web.listen-address?'],
  [['--collector.pools'], 'unknown flag --collector.pools; --help lists them'],
  [['-v'], 'unknown flag -v; --help lists them'],
  [['--no-version'], 'unknown flag --no-version, did you mean --version?'],
  [['--__proto__=1'], 'unknown flag --__proto__; --help lists them'],
  [['--config.file'], '--config.file: expected <file>, got nothing'],
  [['--config.file='], '--config.file: expected <file>, got nothing'],
  [['--config.file', '--version'], '--config.file: expected <file>, got the next flag --version'],
  [['--config.file=a', '--config.file=b'], '--config.file: expected once, got it twice'],
  [['--log.level', 'trace'], '--log.level: expected debug, info, warn, error, got "trace"'],
  [['--version=yes'], '--version: expected no value, got "yes"'],
] as const) {
  test(`refused: ${args.join(' ')}`, () => {
    assert.throws(
      () => parseFlags(args, FLAGS),
      (error) => error instanceof FlagError && error.message === message,
    );
  });
}
