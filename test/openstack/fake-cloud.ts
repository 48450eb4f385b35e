import type { Answer, Request } from '../../src/openstack/request.ts';
import type { Transport } from '../../src/openstack/transport.ts';
import type { CloudAccess } from '../../src/openstack/access.ts';
import { Secret } from '../../src/config/secret.ts';

export const PASSWORD = 'planted-p4ssw0rd';

export const ACCESS: CloudAccess = {
  name: 'lab',
  authUrl: 'http://keystone.example.org/identity/v3/',
  auth: {
    method: 'password',
    user: { name: 'admin', domain: { name: 'Default' } },
    password: new Secret(PASSWORD),
  },
  scope: { kind: 'project', project: { name: 'admin', domain: { id: 'default' } } },
  interface: 'public',
  tls: { verify: true },
  files: [],
};

export const CINDER_URL = 'http://cinder.example.org/volume/v3/fc47eeb7fcb543a39a14c7fbc7b2bba4';

export function catalogOf(url: string): unknown {
  return [{ type: 'block-storage', endpoints: [{ interface: 'public', region_id: 'RegionOne', url }] }];
}

/** An answer with a JSON body. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
}

/** What Keystone answers to a login at this time of its clock. */
export function tokenAnswer(n: number, issuedMs: number, lifetimeMs: number, catalog = catalogOf(CINDER_URL)): Answer {
  const token = {
    issued_at: new Date(issuedMs).toISOString(),
    expires_at: new Date(issuedMs + lifetimeMs).toISOString(),
    project: { id: 'fc47eeb7fcb543a39a14c7fbc7b2bba4' },
    catalog,
  };
  return json(201, { token }, { 'x-subject-token': `planted-token-${n}` });
}

export interface FakeCloud {
  readonly transport: Transport;
  readonly requests: readonly Request[];
  /** Requests of one operation. */
  readonly count: (operation: string) => number;
}

/** A transport that answers from a function, one turn of the event loop later. */
export function fakeCloud(answer: (request: Request, n: number) => Answer | Promise<Answer>): FakeCloud {
  const requests: Request[] = [];
  const count = (operation: string): number => requests.filter((request) => request.operation === operation).length;
  return {
    requests,
    count,
    transport: {
      async send(request) {
        requests.push(request);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        return answer(request, count(request.operation));
      },
      close() {},
    },
  };
}
