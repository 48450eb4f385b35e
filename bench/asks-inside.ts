import { createServer } from 'node:http';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { login } from './cloud.ts';

/**
 * A model of an exporter that asks Cinder inside the scrape: the service list and the pools, in the same moment. It has no timeout, and cancels nothing
 * when Prometheus gives up. It stands beside openstack-exporter where that cannot be built, and does less than it: no volumes, no quotas.
 */
export async function startAskingInside(
  environment: Readonly<Record<string, string>>,
  cinder: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const token = await login(environment);
  const ask = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request(`${cinder}/v3/${path}`, { headers: { 'x-auth-token': token }, agent: false }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      })
        .once('error', reject)
        .end();
    });
  const server = createServer((_, response) => {
    Promise.all(['os-services', 'scheduler-stats/get_pools?detail=true'].map(ask)).then(
      (statuses) => response.end(statuses.map((status, i) => `cinder_answered{question="${i}"} ${status}\n`).join('')),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
