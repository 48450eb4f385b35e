import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url).pathname;
const lines = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n');

function values(instruction: string): string[] {
  return lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));
}

test('the base is an exact version of an even, so a long-term, release of Node.js', () => {
  const base = values('ARG').find((value) => value.startsWith('NODE_IMAGE='));
  const [, major] = /^NODE_IMAGE=docker\.io\/library\/node:(\d+)\.\d+\.\d+-\w+-slim$/.exec(base ?? '') ?? [];
  assert.equal(Number(major) % 2, 0);
  assert.deepEqual(values('FROM'), ['${NODE_IMAGE} AS build', '${NODE_IMAGE}']);
});

test('the label of the version is that of the package, unless the build says otherwise', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.ok(values('ARG').includes(`VERSION=${version}`));
});

test('it runs as a number that is not root, without a shell', () => {
  assert.match(values('USER').at(-1) ?? '', /^[1-9]\d*:[1-9]\d*$/);
  for (const value of [...values('ENTRYPOINT'), ...values('HEALTHCHECK').map((line) => line.replace(/^.* CMD /, ''))]) {
    assert.ok(Array.isArray(JSON.parse(value)), value);
  }
});

test('what it copies is let through by .dockerignore, and nothing else is', () => {
  const ignore = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(ignore[0], '*');
  const copied = values('COPY')
    .filter((value) => !value.startsWith('--from='))
    .flatMap((value) => value.split(' ').slice(0, -1));
  assert.deepEqual(
    ignore
      .slice(1)
      .map((line) => line.replace(/^!/, ''))
      .toSorted(),
    [...new Set(copied)].toSorted(),
  );
});
