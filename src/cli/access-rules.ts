import type { CloudConfig } from '../config/config.ts';
import { completeConfig, loadConfig } from '../config/load.ts';
import { quoted } from '../config/tree.ts';
import { collectorPaths } from '../watch/cinder-api.ts';
import { FlagError, FLAGS, help, parseFlags } from './flags.ts';
import type { Surroundings } from './targets.ts';

/** Before its flags in its help. */
export const ACCESS_RULES_USAGE = `Usage: cinder-exporter access-rules [flags] > access-rules.json

Prints the access rules of a Keystone application credential that may do what the exporter does, and nothing else:
a GET for each collector that is on. For: openstack application credential create --access-rules access-rules.json

Flags:
`;

export const ACCESS_RULES_FLAGS = [
  FLAGS[0],
  { name: 'cloud', type: 'string', value: '<name>', help: 'Only the collectors of this one of the configured clouds.' },
  {
    name: 'service-type',
    type: 'string',
    value: '<type>',
    default: 'block-storage',
    help: "Cinder's type: the same word in the catalog and as service_type in [keystone_authtoken] of cinder.conf.",
  },
  {
    name: 'url',
    type: 'string',
    value: '<url>',
    help: "Cinder's URL in the catalog, when its path does not begin with /v3. Without: /v3, and /v3 with a project id.",
  },
  { name: 'help', type: 'boolean', help: 'Print this help and exit.' },
] as const;

/** One rule of an application credential. Source: https://docs.openstack.org/keystone/latest/user/application_credentials.html#access-rules */
export interface AccessRule {
  readonly service: string;
  readonly method: 'GET';
  readonly path: string;
}

/** Prints the access rules for the collectors that are on, as JSON. */
export function accessRules(args: readonly string[], { env }: Pick<Surroundings, 'env'>): Promise<number> {
  const { values, positionals } = parseFlags(args, ACCESS_RULES_FLAGS);
  if (positionals.length > 0) throw new FlagError(`unexpected argument ${quoted(positionals[0] ?? '')}`);
  if (values.help) {
    process.stdout.write(help(ACCESS_RULES_FLAGS, ACCESS_RULES_USAGE));
    return Promise.resolve(0);
  }
  const file = values['config.file'];
  const { clouds } = file === undefined ? completeConfig({}, env) : loadConfig(file, env);
  const chosen = clouds.filter(({ name }) => values.cloud === undefined || name === values.cloud);
  if (chosen.length === 0) {
    const known = clouds.map(({ name }) => name).join(', ');
    throw new FlagError(`--cloud: expected one of ${known}, got ${quoted(values.cloud ?? '')}`);
  }
  const bases = values.url === undefined ? ['/v3', '/v3/{project_id}'] : [basePath(values.url)];
  const rules = accessRulesFor(
    chosen.map(({ collectors }) => collectors),
    values['service-type'],
    bases,
  );
  process.stdout.write(`[\n${rules.map((rule) => `  ${JSON.stringify(rule)}`).join(',\n')}\n]\n`);
  return Promise.resolve(0);
}

/** The rules for what any of the clouds reads, below each of the paths at which the API may be. `{name}` stands for one part of a path. */
export function accessRulesFor(
  clouds: readonly CloudConfig['collectors'][],
  service: string,
  bases: readonly string[],
): readonly AccessRule[] {
  const paths = [...new Set(clouds.flatMap(collectorPaths))];
  return bases.flatMap((base) => paths.map((path): AccessRule => ({ service, method: 'GET', path: base + path })));
}

/** The path of a URL as a catalog or its template has it: `https://api.example.org/volume/v3/%(project_id)s` -> `/volume/v3/{project_id}`. */
function basePath(url: string): string {
  const expected = "Cinder's URL, such as https://api.example.org/volume/v3";
  if (!/^https?:/i.test(url) || !URL.canParse(url))
    throw new FlagError(`--url: expected ${expected}, got something else`);
  const path = new URL(url.replace(/[%$]\((?:project_id|tenant_id)\)s/g, 'PROJECT')).pathname.replace(/\/+$/, '');
  if (!/\/v3(?:\/[^/]+)?$/.test(path))
    throw new FlagError(`--url: expected ${expected}, got ${quoted(path)} without /v3`);
  return path.replace(/\/PROJECT$/, '/{project_id}');
}
