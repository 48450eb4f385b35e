import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { hastened } from '../../src/rules/render.ts';
import { readText } from './shipped.ts';

const EXAMPLE = readText('alerts/alertmanager.example.yml');

test('the example hastened: the waits and the webhooks, and nothing else in it, comments included', () => {
  const lines = EXAMPLE.split('\n');
  const changed = hastened(EXAMPLE, 0.05, (receiver) => `http://127.0.0.1:9/${receiver}`)
    .split('\n')
    .flatMap((line, index) => (line === lines[index] ? [] : [[lines[index]?.trim(), line.trim()]]));
  assert.deepEqual(changed, [
    ['group_wait: 30s', 'group_wait: 1500ms'],
    ['group_interval: 1m', 'group_interval: 3s'],
    ['repeat_interval: 4h', 'repeat_interval: 12m'],
    ['group_wait: 30s', 'group_wait: 1500ms'],
    ['group_interval: 1m', 'group_interval: 3s'],
    ['repeat_interval: 4h', 'repeat_interval: 12m'],
    ['group_wait: 30s', 'group_wait: 1500ms'],
    ['group_interval: 1m', 'group_interval: 3s'],
    ['repeat_interval: 4h', 'repeat_interval: 12m'],
    ['group_wait: 1m', 'group_wait: 3s'],
    ['group_interval: 5m', 'group_interval: 15s'],
    ['repeat_interval: 24h', 'repeat_interval: 72m'],
    ['- url: http://pager.example.invalid/', '- url: http://127.0.0.1:9/pager'],
    ['- url: http://tickets.example.invalid/', '- url: http://127.0.0.1:9/ticket'],
  ]);
});

test('only what is a wait or a webhook: a matcher, an email, a URL elsewhere and a receiver without one stay', () => {
  const config = `
global: {smtp_smarthost: "mail.example.org:25", resolve_timeout: 5m}
route: {receiver: a, group_wait: 30s, routes: [{matchers: ['group_wait = 30s'], receiver: b, group_interval: 1h30m}]}
receivers:
  - name: a
    webhook_configs: [{url: 'http://one.example.org/', http_config: {proxy_url: 'http://proxy.example.org/'}}, {url: http://two.example.org/}]
  - name: b
    slack_configs: [{api_url: http://slack.example.org/, fields: [{title: url, value: x}]}]
`;
  assert.deepEqual(parse(hastened(config, 2, (receiver) => `http://hook/${receiver}`)), {
    global: { smtp_smarthost: 'mail.example.org:25', resolve_timeout: '5m' },
    route: {
      receiver: 'a',
      group_wait: '1m',
      routes: [{ matchers: ['group_wait = 30s'], receiver: 'b', group_interval: '3h' }],
    },
    receivers: [
      {
        name: 'a',
        webhook_configs: [
          { url: 'http://hook/a', http_config: { proxy_url: 'http://proxy.example.org/' } },
          { url: 'http://hook/a' },
        ],
      },
      {
        name: 'b',
        slack_configs: [{ api_url: 'http://slack.example.org/', fields: [{ title: 'url', value: 'x' }] }],
      },
    ],
  });
});
