import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** A receiver for the webhooks of Alertmanager. */
export interface Pager {
  /** Where notifications for a receiver of Alertmanager go. */
  readonly urlOf: (receiver: string) => string;
  readonly close: () => void;
}

const labels = z.record(z.string(), z.string());
const notification = z.object({
  receiver: z.string(),
  alerts: z.array(z.object({ status: z.string(), labels, annotations: labels })),
});

/** Longest notification that is read, in characters. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** Listens on a free loopback port, and writes a line for each alert that it is told of. */
export async function startPager(write: (line: string) => void): Promise<Pager> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
      if (body.length > MAX_LENGTH) request.destroy();
    });
    request.on('end', () => {
      const lines = linesOf(body);
      for (const line of lines ?? []) write(line);
      response.writeHead(lines ? 200 : 400).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (receiver) => `http://127.0.0.1:${port}/${encodeURIComponent(receiver)}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A line for each alert of a notification, with a line feed; undefined when it is none. */
export function linesOf(body: string, now = new Date()): readonly string[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { success, data } = notification.safeParse(json);
  if (!success) return undefined;
  const time = now.toTimeString().slice(0, 8);
  const kind = data.receiver === 'pager' ? 'PAGE' : data.receiver;
  return data.alerts.map(({ status, labels: of, annotations }) => {
    const what =
      status === 'resolved'
        ? ['resolved', of['host'] ?? of['volume_type'] ?? '']
        : [kind, annotations['description'] ?? ''];
    const [word = '', text = ''] = what;
    return `${`${time}  ${word.padEnd(8)}  ${of['alertname']}  ${text}`.replaceAll(/\p{Cc}/gu, ' ').trimEnd()}\n`;
  });
}
