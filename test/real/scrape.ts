import { waitFor } from '../support/wait-for.ts';

/** Asks for the metrics page on a loopback port until it tells the condition of a backend, and gives it. */
export function scrape(port: number, path = '/metrics', deadlineMs = 30_000): Promise<string> {
  return waitFor(
    `a metrics page on port ${port}`,
    async () => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2000) });
      const page = await response.text();
      return page.includes('cinder_backend_condition{') ? page : undefined;
    },
    deadlineMs,
  );
}
