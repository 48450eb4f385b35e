import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { createApp } from '../../src/api/app.ts';
import { describeApi } from '../../src/api/openapi.ts';
import { hostile, one, twelve } from '../pages/clouds.ts';
import { startServer } from '../pages/server.ts';
import { serve, watchedCloud } from '../pages/watched.ts';

type Described = {
  components: { schemas: Record<string, object> };
  paths: Record<
    string,
    Record<string, { operationId: string; responses: Record<string, { content: Record<string, { schema?: object }> }> }>
  >;
};

/** Checks a value against a schema of the description, as a stranger who has only the description would. */
function fits(description: Described, schema: object, value: unknown): void {
  const text = JSON.stringify({ ...schema, $defs: description.components.schemas }).replaceAll(
    '#/components/schemas/',
    '#/$defs/',
  );
  const { success, error } = z.fromJSONSchema(JSON.parse(text)).safeParse(value);
  assert.ok(success, error && z.prettifyError(error));
}

test('every JSON answer is as the served description says', async (t) => {
  const failures = { services: { reason: 'timeout', message: 'late' } };
  const { get } = await startServer(
    t,
    serve([
      watchedCloud('a', twelve()),
      watchedCloud('b', hostile()),
      watchedCloud('c', { ...one(), failures }),
      watchedCloud('d'),
    ]),
  );
  const description = JSON.parse((await get('/openapi.json')).text) as Described;
  const answers = {
    '/api/v1/backends': '/api/v1/backends',
    '/api/v1/backend': '/api/v1/backend?cloud=a&host=ctl1@lvm',
    '/sd': '/sd',
  };
  const described = Object.entries(description.paths).filter(
    ([, { get: operation }]) => operation?.responses['200']?.content['application/json']?.schema,
  );
  assert.deepEqual(described.map(([path]) => path).toSorted(), Object.keys(answers).toSorted());
  for (const [path, url] of Object.entries(answers)) {
    const schema = description.paths[path]?.['get']?.responses['200']?.content['application/json']?.schema;
    const { status, headers, text } = await get(url);
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.ok(schema);
    fits(description, schema, JSON.parse(text));
  }
});

test('a wrong answer would be noticed', async (t) => {
  const { get } = await startServer(t, serve([watchedCloud('a', twelve())]));
  const description = JSON.parse((await get('/openapi.json')).text) as Described;
  const backend = JSON.parse((await get('/api/v1/backend?host=ctl1@lvm')).text);
  const schema = { $ref: '#/components/schemas/Backend' };
  fits(description, schema, backend);
  for (const wrong of [
    { ...backend, condition: 'fine' },
    { ...backend, extra: 1 },
    { ...backend, pools: [{ ...backend.pools[0], total_bytes: '1' }] },
  ]) {
    assert.throws(() => fits(description, schema, wrong));
  }
});

test('every route is described, and nothing else; each operation has its own id', () => {
  const app = createApp({ served: serve([]), telemetryPath: '/other-metrics', reload: undefined, log: () => {} });
  const paths = ['/other-metrics', '/-/healthy', '/-/ready'];
  const walk = (stack: readonly { route?: { path: string | string[] }; handle?: { stack?: never } }[]): void => {
    for (const { route, handle } of stack) {
      if (route) paths.push(...[route.path].flat());
      else if (handle?.stack) walk(handle.stack);
    }
  };
  walk(app.router.stack as never);
  const { paths: described } = describeApi('/other-metrics');
  assert.deepEqual(paths.map((path) => path.replace(/:(\w+)/, '{$1}')).toSorted(), Object.keys(described).toSorted());
  const ids = Object.values(described).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
});
