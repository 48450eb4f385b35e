import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `well`; `bad`: an image that claims to be raw and is not, which Cinder refuses before it copies it; `no store`: what is in an image cannot be read. */
type ImageServiceState = 'well' | 'bad' | 'no store';

/** As much of a Glance as cinder-api and cinder-volume ask of one: any id is an image. Without it the lab has none. */
export interface ImageService {
  readonly url: string;
  readonly is: (state: ImageServiceState) => void;
  readonly close: () => void;
}

const BYTES = Buffer.alloc(64 * 1024);
const QCOW2 = Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), BYTES]);

const TEXT = { type: ['null', 'string'] };
const NUMBER = { type: ['null', 'integer'] };
/** From 29 on cinder-volume asks first whether it is new enough to have an API for locations. */
const VERSIONS = { versions: [{ id: 'v2.9', status: 'CURRENT' }] };
/** Of what is not in it Cinder sees nothing. */
const SCHEMA = {
  name: 'image',
  properties: {
    ...Object.fromEntries(['id', 'name', 'status', 'disk_format', 'container_format'].map((name) => [name, TEXT])),
    ...Object.fromEntries(['size', 'min_disk', 'min_ram'].map((name) => [name, NUMBER])),
  },
  additionalProperties: { type: 'string' },
};

/** Starts it on a free port of loopback. */
export async function startImageService(): Promise<ImageService> {
  let state: ImageServiceState = 'well';
  const server = createServer((request, response) => answer(request, response, state));
  await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    is(next) {
      state = next;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer({ url = '' }: IncomingMessage, response: ServerResponse, state: ImageServiceState): void {
  const [, id = '', file] = /^\/v2\/images\/([^/]+)(\/file)?$/.exec(url) ?? [];
  if (file !== undefined) {
    const ok = state !== 'no store';
    response.writeHead(ok ? 200 : 503, { 'content-type': ok ? 'application/octet-stream' : 'text/plain' });
    response.end(ok ? (state === 'bad' ? QCOW2 : BYTES) : 'the store is away');
    return;
  }
  const image = {
    id,
    name: 'an image',
    status: 'active',
    disk_format: 'raw',
    container_format: 'bare',
    size: BYTES.length,
    min_disk: 0,
    min_ram: 0,
  };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(url === '/versions' ? VERSIONS : url === '/v2/schemas/image' ? SCHEMA : image));
}
