import { createHash } from 'node:crypto';

/** Keystone's ids: 32 hexadecimal digits. Here they follow from the name, so that they stay the same from start to start. */
export function idOf(kind: string, name: string): string {
  return createHash('md5').update(`${kind}:${name}`).digest('hex');
}

export interface User {
  readonly id: string;
  readonly name: string;
  password: string;
}

export interface Project {
  readonly id: string;
  readonly name: string;
}

export interface ApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly userId: string;
  readonly projectId: string;
  secret: string;
  readonly roles: readonly string[];
}

/** Who exists, and who may do what where. One domain: `Default`. */
export interface Directory {
  readonly users: readonly User[];
  readonly projects: readonly Project[];
  readonly applicationCredentials: readonly ApplicationCredential[];
  /** Role names of a user on a project id, on the domain, or on the system. */
  roles(userId: string, target: { readonly projectId: string } | 'domain' | 'system'): readonly string[];
}

export const DOMAIN = { id: 'default', name: 'Default' } as const;

const ADMIN_ROLES = ['member', 'admin', 'reader'] as const;

/** User, project, roles there, roles on the system and the domain. */
const ASSIGNMENTS: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ['admin', 'admin', ADMIN_ROLES, ADMIN_ROLES],
  ['member', 'demo', ['member', 'reader'], []],
  ['reader', 'demo', ['reader'], ['reader']],
  ['monitor', 'service', ['monitor'], []],
  ['canary', 'canary', ['member', 'reader'], []],
];

/** The same users, projects and roles as the test installation has; each user's password is its name and `-pw`. */
export function createDirectory(): Directory {
  const projectId = (name: string): string => idOf('project', name);
  const userId = (name: string): string => idOf('user', name);
  const credential = { id: idOf('application_credential', 'lab'), name: 'lab', secret: 'lab-appcred-secret' };
  return {
    users: ASSIGNMENTS.map(([name]) => ({ id: userId(name), name, password: `${name}-pw` })),
    projects: ['admin', 'demo', 'service', 'canary'].map((name) => ({ id: projectId(name), name })),
    applicationCredentials: [
      { ...credential, userId: userId('admin'), projectId: projectId('admin'), roles: ['admin'] },
    ],
    roles(user, target) {
      const found = ASSIGNMENTS.find(([name]) => userId(name) === user);
      if (found === undefined) return [];
      const [, project, onProject, elsewhere] = found;
      if (typeof target === 'object') return projectId(project) === target.projectId ? onProject : [];
      return elsewhere;
    },
  };
}

/** As whom to log in: the admin of a project, other users, the admin on the system's scope, the admin's application credential. */
export type Who = 'admin' | 'member' | 'reader' | 'monitor' | 'canary' | 'system' | 'appcred';

const PROJECTS: Readonly<Record<string, string>> = {
  admin: 'admin',
  member: 'demo',
  reader: 'demo',
  monitor: 'service',
  canary: 'canary',
};

/** The `OS_*` variables with which a client logs in. */
export function environmentOf(who: Who, authUrl: string, directory: Directory): Record<string, string> {
  const common = {
    OS_AUTH_URL: authUrl,
    OS_IDENTITY_API_VERSION: '3',
    OS_REGION_NAME: 'RegionOne',
    OS_INTERFACE: 'public',
    OS_VOLUME_API_VERSION: '3',
  };
  if (who === 'appcred') {
    const [credential] = directory.applicationCredentials;
    return {
      ...common,
      OS_AUTH_TYPE: 'v3applicationcredential',
      OS_APPLICATION_CREDENTIAL_ID: credential?.id ?? '',
      OS_APPLICATION_CREDENTIAL_SECRET: credential?.secret ?? '',
    };
  }
  const name = who === 'system' ? 'admin' : who;
  const login = {
    ...common,
    OS_AUTH_TYPE: 'password',
    OS_USERNAME: name,
    OS_PASSWORD: directory.users.find((user) => user.name === name)?.password ?? '',
    OS_USER_DOMAIN_NAME: 'Default',
  };
  return who === 'system'
    ? { ...login, OS_SYSTEM_SCOPE: 'all' }
    : { ...login, OS_PROJECT_NAME: PROJECTS[name] ?? '', OS_PROJECT_DOMAIN_NAME: 'Default' };
}
