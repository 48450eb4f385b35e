import { send } from '../lab/answer.ts';

/** The login request that `OS_*` variables stand for. */
export function loginBody(env: Readonly<Record<string, string>>): Record<string, unknown> {
  if (env['OS_APPLICATION_CREDENTIAL_ID'] !== undefined) {
    const application_credential = {
      id: env['OS_APPLICATION_CREDENTIAL_ID'],
      secret: env['OS_APPLICATION_CREDENTIAL_SECRET'],
    };
    return { auth: { identity: { methods: ['application_credential'], application_credential } } };
  }
  const user = {
    name: env['OS_USERNAME'],
    domain: { name: env['OS_USER_DOMAIN_NAME'] },
    password: env['OS_PASSWORD'],
  };
  const scope =
    env['OS_SYSTEM_SCOPE'] === undefined
      ? { project: { name: env['OS_PROJECT_NAME'], domain: { name: env['OS_PROJECT_DOMAIN_NAME'] } } }
      : { system: { all: true } };
  return { auth: { identity: { methods: ['password'], password: { user } }, scope } };
}

/** The id of the project on which these variables log in, as Keystone tells it. */
export async function projectId(env: Readonly<Record<string, string>>): Promise<string> {
  const answer = await send(`${env['OS_AUTH_URL']}/auth/tokens?nocatalog`, { body: loginBody(env) });
  const { token } = answer.json as { readonly token: { readonly project: { readonly id: string } } };
  return token.project.id;
}
