import type { Directory } from './directory.ts';

/** As whom to log in: the admin of a project, other users, the admin on the system's scope, the admin's application credential. */
export type Who = 'admin' | 'member' | 'reader' | 'monitor' | 'system' | 'appcred';

const PROJECTS: Readonly<Record<string, string>> = {
  admin: 'admin',
  member: 'demo',
  reader: 'demo',
  monitor: 'service',
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
