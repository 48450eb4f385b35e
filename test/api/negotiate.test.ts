import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { acceptsGzip, negotiateFormat } from '../../src/api/negotiate.ts';
import { assertLinear } from '../support/growth.ts';

const PROMETHEUS_2_42 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';

test('the Accept header to the format', () => {
  const cases: readonly [string | undefined, 'text' | 'openmetrics'][] = [
    [PROMETHEUS_2_42, 'openmetrics'],
    [PROMETHEUS_3, 'openmetrics'],
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml', 'text'],
    ['application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=0.0.1', 'text'],
    ['application/openmetrics-text; version=2.0.0', 'text'],
    ['application/openmetrics-text;version="1.0.0"', 'openmetrics'],
    ['APPLICATION/OpenMetrics-Text ; Version=1.0.0', 'openmetrics'],
    ['application/openmetrics-text;version=1.0.0;q=0', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.9', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.2,text/*;q=0.9', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=NaN', 'text'],
    ['application/openmetrics-text;q=5', 'text'],
    [`${'x,'.repeat(5000)}application/openmetrics-text`, 'text'],
  ];
  for (const [accept, format] of cases) assert.equal(negotiateFormat(accept), format, accept?.slice(0, 100));
});

test('the Accept-Encoding header to gzip or not', () => {
  const yes = ['gzip', 'gzip, deflate, br', 'GZIP;q=1', 'x-gzip', '*', 'br, gzip;q=0.1', '*;q=0.5, identity;q=0'];
  const no = [undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip;q=0, *', '*;q=0', 'gzip;q=x', 'gzipped'];
  for (const header of yes) assert.equal(acceptsGzip(header), true, header);
  for (const header of no) assert.equal(acceptsGzip(header), false, header);
});

test('any header gives an answer, at a cost that grows with its length alone', async () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (header) => {
      assert.ok(['text', 'openmetrics'].includes(negotiateFormat(header)));
      assert.equal(typeof acceptsGzip(header), 'boolean');
    }),
  );
  for (const part of [';', ',', '=', ' ', '"', ';q='])
    await assertLinear(part, (scale) => {
      const header = part.repeat((250_000 * scale) / part.length);
      return () => negotiateFormat(header);
    });
});
