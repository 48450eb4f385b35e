import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './child.ts';

/** Bare `node:http` that sends a file from memory: what serving a ready page costs at the very least. */
answer({
  async serve(file: string) {
    const page = readFileSync(file);
    const headers = {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': page.length,
    };
    const server = createServer((_request, response) => {
      response.writeHead(200, headers);
      response.end(page);
    });
    // As long as the exporter's: a client that finds its connection closed measures something else.
    server.keepAliveTimeout = 65_000;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  },
});
