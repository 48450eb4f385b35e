import type { TestContext } from 'node:test';
import { createApp } from '../../src/api/app.ts';
import { createMetricsHandler } from '../../src/api/metrics-handler.ts';
import type { Served } from '../../src/api/backends.ts';
import { listen } from '../../src/web/listen.ts';

export interface PageServer {
  readonly url: string;
  /** Ends the live connections, as SIGTERM does. */
  readonly stop: () => void;
  readonly close: (withinMs: number) => Promise<void>;
  readonly get: (
    path: string,
    headers?: Record<string, string>,
  ) => Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }>;
}

/** The whole web server over what a test serves, closed at the end of the test. */
export async function startServer(t: Pick<TestContext, 'after'>, served: Served): Promise<PageServer> {
  const stopping = new AbortController();
  const options = { served, telemetryPath: '/metrics', log: () => {} };
  // Before anybody asks, as in the program: the page remembers from then on.
  const app = createApp({ ...options, reload: undefined, stopping: stopping.signal });
  const routes = () => Promise.resolve(app);
  const listening = await listen(createMetricsHandler({ ...options, routes }), { host: '127.0.0.1', port: 0 });
  const url = `http://${listening.address}`;
  const stop = (): void => stopping.abort();
  t.after(async () => {
    stop();
    await listening.close(100);
  });
  return {
    url,
    stop,
    close: listening.close,
    async get(path, headers = {}) {
      const answer = await fetch(url + path, { headers });
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    },
  };
}
