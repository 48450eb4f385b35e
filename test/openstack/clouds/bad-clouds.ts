/** A way to configure a cloud that is refused: files by path under the sandbox, variables, the cloud asked for, and the exact lines of the error. */
export interface BadCloud {
  readonly name: string;
  readonly files?: Record<string, string | Uint8Array>;
  readonly env?: Record<string, string>;
  readonly cloud?: string;
  readonly kind: string;
  readonly lines: readonly string[];
}

/** One entry `prod` with an `auth` that is right, followed by the given keys of the entry from line 4 on. */
function prod(keys: string, auth = ''): Record<string, string> {
  const login = `auth_url: https://k/v3, username: u, user_domain_id: default, password: s3cret`;
  const lines = ['clouds:', '  prod:', `    auth: {${login}${auth}}`, ...keys.split('\n').map((key) => `    ${key}`)];
  return { 'cwd/clouds.yaml': `${lines.join('\n')}\n` };
}

function login(auth: string, authType = ''): Record<string, string> {
  return { 'cwd/clouds.yaml': `clouds:\n  prod:\n    ${authType}\n    auth: {auth_url: https://k/v3${auth}}\n` };
}

const PASSWORD = { OS_AUTH_URL: 'https://k/v3', OS_USERNAME: 'u', OS_PASSWORD: 's3cret', OS_DEFAULT_DOMAIN: 'default' };

export const BAD_CLOUDS: readonly BadCloud[] = [
  {
    name: 'nothing at all',
    kind: 'none',
    lines: [
      'no cloud is configured: neither OS_CLOUD nor OS_AUTH_URL is set, and no clouds.yaml is in cwd, home/.config/openstack, etc',
    ],
  },
  {
    name: 'a region is no cloud',
    env: { OS_REGION_NAME: 'one', OS_CACERT: '/ca.pem' },
    kind: 'none',
    lines: [
      'no cloud is configured: neither OS_CLOUD nor OS_AUTH_URL is set, and no clouds.yaml is in cwd, home/.config/openstack, etc',
    ],
  },
  {
    name: 'a file without clouds',
    files: { 'cwd/clouds.yaml': 'cache: {expiration_time: 5}\n' },
    kind: 'none',
    lines: ['no cloud is configured: neither OS_CLOUD nor OS_AUTH_URL is set, and cwd/clouds.yaml has no clouds'],
  },
  {
    name: 'OS_CLOUD without a file',
    env: { OS_CLOUD: 'prod' },
    kind: 'unknown_cloud',
    lines: ['cloud "prod" (OS_CLOUD) is not known: no clouds.yaml is in cwd, home/.config/openstack, etc'],
  },
  {
    name: 'OS_CLOUD=envvars without variables',
    env: { OS_CLOUD: 'envvars' },
    kind: 'unknown_cloud',
    lines: [
      'cloud "envvars" (OS_CLOUD) is not known: no clouds.yaml is in cwd, home/.config/openstack, etc; for envvars set OS_AUTH_URL and the login as variables',
    ],
  },
  {
    name: 'an unknown cloud',
    files: prod(''),
    env: { OS_CLOUD: 'prd' },
    kind: 'unknown_cloud',
    lines: ['cloud "prd" (OS_CLOUD) is not in cwd/clouds.yaml; known: prod'],
  },
  {
    name: 'an unknown cloud asked for',
    files: prod(''),
    cloud: '__proto__',
    kind: 'unknown_cloud',
    lines: ['cloud "__proto__" is not in cwd/clouds.yaml; known: prod'],
  },
  {
    name: 'several clouds and no choice',
    files: { 'etc/clouds.yaml': 'clouds: {a: {}, "b c": {}, 7: {}}\n' },
    kind: 'unknown_cloud',
    lines: ['expected OS_CLOUD to name one of the clouds in etc/clouds.yaml: a, "b c", 7'],
  },
  {
    name: 'a file cloud named like the variables',
    files: { 'cwd/clouds.yaml': 'clouds: {envvars: {}}\n' },
    env: PASSWORD,
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:1:10: clouds.envvars: expected another name, got the name of the cloud of the OS_* variables',
    ],
  },
  {
    name: 'an empty file',
    files: { 'cwd/clouds.yaml': '' },
    kind: 'none',
    lines: ['no cloud is configured: neither OS_CLOUD nor OS_AUTH_URL is set, and cwd/clouds.yaml has no clouds'],
  },
  {
    name: 'a file that is a directory',
    files: { 'cwd/clouds.yaml/x': '' },
    kind: 'file',
    lines: ['cwd/clouds.yaml: expected a regular file, got a directory'],
  },
  {
    name: 'a named file that is missing',
    env: { OS_CLIENT_CONFIG_FILE: '/nonexistent/clouds.yaml' },
    kind: 'file',
    lines: ['/nonexistent/clouds.yaml: expected a file, got nothing of that name (named by OS_CLIENT_CONFIG_FILE)'],
  },
  {
    name: 'a named file that is a device',
    env: { OS_CLIENT_CONFIG_FILE: '/dev/zero' },
    kind: 'file',
    lines: ['/dev/zero: expected a regular file, got a device (named by OS_CLIENT_CONFIG_FILE)'],
  },
  {
    name: 'a file that is a list',
    files: { 'cwd/clouds.yaml': '- clouds\n' },
    kind: 'file',
    lines: ['cwd/clouds.yaml:1:1: (whole file): expected a mapping, got a list'],
  },
  {
    name: 'a file in Latin-1',
    files: { 'cwd/clouds.yaml': Buffer.from('clouds: {caf\xe9: {}}\n', 'latin1') },
    kind: 'file',
    lines: ['cwd/clouds.yaml: expected UTF-8 text, got other bytes'],
  },
  {
    name: 'a file too large',
    files: { 'cwd/clouds.yaml': `clouds: {}\n${'#'.repeat(1024 * 1024)}` },
    kind: 'file',
    lines: ['cwd/clouds.yaml: expected at most 1048576 bytes, got 1048587 bytes'],
  },
  {
    name: 'brackets without end',
    files: { 'cwd/clouds.yaml': `clouds: ${'['.repeat(100_000)}` },
    kind: 'file',
    lines: ['cwd/clouds.yaml:1:1: (whole file): expected at most 30 levels, got more'],
  },
  {
    name: 'clouds as a list',
    files: { 'cwd/clouds.yaml': 'clouds:\n- name: prod\n' },
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:2:1: clouds: expected a mapping, got a list'],
  },
  {
    name: 'an entry that is text',
    files: { 'cwd/clouds.yaml': 'clouds: {prod: s3cret}\n' },
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:1:16: clouds.prod: expected a mapping, got text'],
  },
  {
    name: 'a password that YAML takes for an alias',
    files: { 'cwd/clouds.yaml': 'clouds: {prod: {auth: {password: *s3cret}}}\n' },
    kind: 'file',
    lines: [
      'cwd/clouds.yaml:1:34: clouds.prod.auth.password: expected an alias of an anchor above, got an alias of none',
    ],
  },
  {
    name: 'a password that YAML takes for a tag',
    files: { 'cwd/clouds.yaml': 'clouds: {prod: {auth: {password: !s3cret x}}}\n' },
    kind: 'file',
    lines: ['cwd/clouds.yaml:1:34: (whole file): expected valid YAML, got a tag that is not known'],
  },
  {
    name: 'a password that begins with @',
    files: { 'cwd/clouds.yaml': 'clouds:\n  prod:\n    auth:\n      password: @s3cret\n' },
    kind: 'file',
    lines: [
      'cwd/clouds.yaml:4:17: (whole file): expected valid YAML, got a value that begins with a reserved character (quote it)',
    ],
  },
  {
    name: 'a password with a colon',
    files: { 'cwd/clouds.yaml': 'clouds:\n  prod:\n    auth:\n      password: s3cret: s3cret\n' },
    kind: 'file',
    lines: ['cwd/clouds.yaml:4:17: (whole file): expected valid YAML, got a second ":" on the line (quote the value)'],
  },
  {
    name: 'two passwords',
    files: { 'cwd/clouds.yaml': 'clouds:\n  prod:\n    auth:\n      password: s3cret\n      password: s3cret2\n' },
    kind: 'file',
    lines: ['cwd/clouds.yaml:5:7: clouds.prod.auth.password: expected once, got it again (first at 4:7)'],
  },
  {
    name: 'a bad merge key',
    files: { 'cwd/clouds.yaml': 'clouds:\n  prod:\n    <<: s3cret\n' },
    kind: 'file',
    lines: ['cwd/clouds.yaml:3:9: clouds.prod."<<": expected a mapping to merge, got a single value'],
  },
  {
    name: 'an empty entry',
    files: { 'cwd/clouds.yaml': 'clouds:\n  prod: {}\n' },
    kind: 'invalid',
    lines: [
      "cwd/clouds.yaml:2:9: clouds.prod.auth.auth_url: expected Keystone's URL, got nothing (OS_AUTH_URL where no clouds.yaml entry is used)",
      'cwd/clouds.yaml:2:9: clouds.prod.auth.username: expected a user name, or user_id, got nothing (OS_USERNAME where no clouds.yaml entry is used)',
      'cwd/clouds.yaml:2:9: clouds.prod.auth.password: expected a password, got nothing (OS_PASSWORD where no clouds.yaml entry is used)',
    ],
  },
  {
    name: 'an auth that is text',
    files: { 'cwd/clouds.yaml': 'clouds:\n  prod:\n    auth: s3cret\n' },
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:3:11: clouds.prod.auth: expected a mapping, got text'],
  },
  {
    name: 'a password that is a list',
    files: login(', username: u, user_domain_id: d, password: [s3cret]'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:78: clouds.prod.auth.password: expected text, got a list'],
  },
  {
    name: 'no domain of the user',
    files: login(', username: u, password: s3cret'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:5: clouds.prod.auth.user_domain_name: expected the domain of the user, or user_domain_id, got nothing (OS_USER_DOMAIN_NAME where no clouds.yaml entry is used)',
    ],
  },
  {
    name: 'no domain of the project',
    files: prod('', ', project_name: p'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:5: clouds.prod.auth.project_domain_name: expected the domain of the project, or project_domain_id, got nothing (OS_PROJECT_DOMAIN_NAME where no clouds.yaml entry is used)',
    ],
  },
  {
    name: 'variables without a URL',
    env: { OS_USERNAME: 'u', OS_PASSWORD: 's3cret', OS_DEFAULT_DOMAIN: 'default' },
    kind: 'invalid',
    lines: ["OS_AUTH_URL: expected Keystone's URL, got nothing (in clouds.yaml: auth.auth_url)"],
  },
  {
    name: 'variables without a user',
    env: { OS_AUTH_URL: 'https://k/v3', OS_PASSWORD: '' },
    kind: 'invalid',
    lines: [
      'OS_USERNAME: expected a user name, or user_id, got nothing (in clouds.yaml: auth.username)',
      'OS_PASSWORD: expected a password, got nothing (in clouds.yaml: auth.password)',
    ],
  },
  {
    name: 'a credential without its secret',
    files: login(', application_credential_id: a'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:5: clouds.prod.auth.application_credential_secret: expected a secret, got nothing (OS_APPLICATION_CREDENTIAL_SECRET where no clouds.yaml entry is used)',
    ],
  },
  {
    name: 'a credential by name without its user',
    env: {
      OS_AUTH_URL: 'https://k/v3',
      OS_AUTH_TYPE: 'v3applicationcredential',
      OS_APPLICATION_CREDENTIAL_NAME: 'mon',
      OS_APPLICATION_CREDENTIAL_SECRET: 's3cret',
    },
    kind: 'invalid',
    lines: ['OS_USERNAME: expected a user name, or user_id, got nothing (in clouds.yaml: auth.username)'],
  },
  {
    name: 'a credential of nothing',
    files: login('', 'auth_type: v3applicationcredential'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:5: clouds.prod.auth.application_credential_secret: expected a secret, got nothing (OS_APPLICATION_CREDENTIAL_SECRET where no clouds.yaml entry is used)',
      'cwd/clouds.yaml:3:5: clouds.prod.auth.application_credential_id: expected an id, or application_credential_name with the user, got nothing (OS_APPLICATION_CREDENTIAL_ID where no clouds.yaml entry is used)',
    ],
  },
  {
    name: 'a token login without a token',
    files: login('', 'auth_type: v3token'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:5: clouds.prod.auth.token: expected a token, got nothing (OS_TOKEN where no clouds.yaml entry is used)',
    ],
  },
  {
    name: 'auth_type v3oidcpassword',
    files: prod('auth_type: v3oidcpassword'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "v3oidcpassword"',
    ],
  },
  {
    name: 'auth_type v3kerberos',
    files: prod('auth_type: v3kerberos'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "v3kerberos"',
    ],
  },
  {
    name: 'auth_type none',
    files: prod('auth_type: none'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "none"',
    ],
  },
  {
    name: 'auth_type http_basic',
    files: prod('auth_type: http_basic'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "http_basic"',
    ],
  },
  {
    name: 'auth_type v2password',
    files: prod('auth_type: v2password'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "v2password"',
    ],
  },
  {
    name: 'auth_type v3totp',
    files: prod('auth_type: v3totp'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "v3totp"',
    ],
  },
  {
    name: 'auth_type passwrod',
    files: prod('auth_type: passwrod'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "passwrod"',
    ],
  },
  {
    name: 'auth_type __proto__',
    files: prod('auth_type: __proto__'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "__proto__"',
    ],
  },
  {
    name: 'a one-time passcode',
    files: prod('', ', passcode: 123456'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:102: clouds.prod.auth.passcode: expected no passcode: it is good for one login, and this process logs in again',
    ],
  },
  {
    name: 'a trust',
    files: prod('', ', trust_id: t'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:102: clouds.prod.auth.trust_id: expected no trust: it is not supported, use an application credential',
    ],
  },
  {
    name: 'a system scope that is not all',
    files: prod('', ', system_scope: some'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:3:106: clouds.prod.auth.system_scope: expected all, got "some"'],
  },
  {
    name: 'a system scope beside a project',
    files: prod('', ', system_scope: all, project_id: p'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:106: clouds.prod.auth.system_scope: expected one scope, got system_scope beside a project',
    ],
  },
  {
    name: 'a system scope beside a domain',
    files: prod('', ', system_scope: all, domain_name: d'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:106: clouds.prod.auth.system_scope: expected one scope, got system_scope beside a domain',
    ],
  },
  {
    name: 'Keystone v2 by version',
    files: prod('identity_api_version: 2.0'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:27: clouds.prod.identity_api_version: expected 3, got "2.0"'],
  },
  {
    name: 'Keystone v2 by URL',
    env: { ...PASSWORD, OS_AUTH_URL: 'https://k:5000/v2.0/' },
    kind: 'invalid',
    lines: ['OS_AUTH_URL: expected the URL of Keystone v3, got a URL of v2.0'],
  },
  {
    name: 'a URL without a scheme',
    env: { ...PASSWORD, OS_AUTH_URL: 'keystone:5000/v3' },
    kind: 'invalid',
    lines: ['OS_AUTH_URL: expected a URL beginning with http:// or https://, got "keystone:5000/v3"'],
  },
  {
    name: 'a URL of a file',
    env: { ...PASSWORD, OS_AUTH_URL: 'file:///etc/passwd' },
    kind: 'invalid',
    lines: ['OS_AUTH_URL: expected a URL beginning with http:// or https://, got "file:///etc/passwd"'],
  },
  {
    name: 'a URL with a password',
    env: { ...PASSWORD, OS_AUTH_URL: 'https://u:s3cret@k/v3' },
    kind: 'invalid',
    lines: ['OS_AUTH_URL: expected a URL beginning with http:// or https://, got one with a user or password in it'],
  },
  {
    name: 'a URL with a token in its query',
    env: { ...PASSWORD, OS_AUTH_URL: 'https://k/v3?token=s3cret' },
    kind: 'invalid',
    lines: ['OS_AUTH_URL: expected a URL beginning with http:// or https://, got one with a query or a fragment'],
  },
  {
    name: 'an endpoint that is no URL',
    files: prod('block_storage_endpoint_override: /v3'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:38: clouds.prod.block_storage_endpoint_override: expected a URL beginning with http:// or https://, got "/v3"',
    ],
  },
  {
    name: 'an unknown interface',
    files: prod('interface: private'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:16: clouds.prod.interface: expected public, internal or admin, got "private"'],
  },
  {
    name: 'an unknown endpoint type in a variable',
    env: { ...PASSWORD, OS_ENDPOINT_TYPE: 'URL' },
    kind: 'invalid',
    lines: ['OS_ENDPOINT_TYPE: expected public, internal or admin, got "URL"'],
  },
  {
    name: 'a verify that is a path to nothing',
    files: prod('verify: /nonexistent/ca.pem'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:13: clouds.prod.verify: /nonexistent/ca.pem: expected a file, got nothing of that name'],
  },
  {
    name: 'an OS_INSECURE that is neither',
    env: { ...PASSWORD, OS_INSECURE: 'maybe' },
    kind: 'invalid',
    lines: ['OS_INSECURE: expected true or false, got "maybe"'],
  },
  {
    name: 'a timeout of zero',
    files: prod('api_timeout: 0'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:18: clouds.prod.api_timeout: expected seconds above 0 and up to 86400, got "0"'],
  },
  {
    name: 'a timeout with a unit',
    env: { ...PASSWORD, OS_API_TIMEOUT: '30s' },
    kind: 'invalid',
    lines: ['OS_API_TIMEOUT: expected seconds above 0 and up to 86400, got "30s"'],
  },
  {
    name: 'a CA that is missing',
    files: prod('cacert: ~/ca.pem'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:13: clouds.prod.cacert: home/ca.pem: expected a file, got nothing of that name'],
  },
  {
    name: 'a CA that is a device',
    files: prod('cacert: /dev/zero'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:13: clouds.prod.cacert: /dev/zero: expected a regular file, got a device'],
  },
  {
    name: 'a CA that is no certificate',
    files: { ...prod('cacert: ca.pem'), 'cwd/ca.pem': 's3cret\n' },
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:13: clouds.prod.cacert: cwd/ca.pem: expected certificates in PEM, got text without one'],
  },
  {
    name: 'a CA that is broken',
    files: {
      ...prod('cacert: ca.pem'),
      'cwd/ca.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    },
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:13: clouds.prod.cacert: cwd/ca.pem: expected certificates in PEM, got a broken one (number 1, ERR_OSSL_ASN1_WRONG_TAG)',
    ],
  },
  {
    name: 'a certificate without a key',
    files: { ...prod('cert: CERT') },
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:11: clouds.prod.cert: expected a key beside the cert, or the key in the same file, got only cwd/CERT',
    ],
  },
  {
    name: 'a key without a certificate',
    files: { ...prod('key: KEY') },
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:10: clouds.prod.key: expected a cert beside the key, got the key alone'],
  },
  {
    name: "a certificate with another one's key",
    files: { ...prod('cert: CERT\nkey: OTHER') },
    kind: 'invalid',
    lines: [
      "cwd/clouds.yaml:5:10: clouds.prod.key: cwd/OTHER: expected the certificate's private key, got the key of another one",
    ],
  },
  {
    name: 'a key that is a certificate',
    files: { ...prod('cert: CERT\nkey: CERT') },
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:5:10: clouds.prod.key: cwd/CERT: expected a private key in PEM, got text without one'],
  },
  {
    name: 'a key with a passphrase',
    files: {
      ...prod('cert: CERT\nkey: key.pem'),
      'cwd/key.pem': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
    },
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:5:10: clouds.prod.key: cwd/key.pem: expected a private key without a passphrase, got an encrypted one',
    ],
  },
  {
    name: 'regions that are text',
    files: prod('regions: one'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:14: clouds.prod.regions: expected a list, got text'],
  },
  {
    name: 'a region without a name',
    files: prod('regions: [{values: {}}]'),
    kind: 'invalid',
    lines: [
      "cwd/clouds.yaml:4:15: clouds.prod.regions: expected a region's name, or a mapping with name and values, got a mapping",
    ],
  },
  {
    name: 'an unknown region',
    files: prod('regions: [one, {name: two}]'),
    env: { OS_REGION_NAME: 'three' },
    kind: 'invalid',
    lines: ['OS_REGION_NAME: expected a region of cloud prod (one, two), got "three"'],
  },
  {
    name: 'an unknown profile',
    files: { 'cwd/clouds.yaml': 'clouds:\n  prod:\n    profile: vexxhost\n' },
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:14: clouds.prod.profile: expected a profile of clouds-public.yaml, got "vexxhost" (no clouds-public.yaml was found)',
    ],
  },
  {
    name: 'a profile that the file does not have',
    files: { 'cwd/clouds.yaml': 'clouds:\n  prod:\n    cloud: mine\n', 'etc/clouds-public.yml': 'public-clouds: {}\n' },
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:12: clouds.prod.profile: expected a profile of clouds-public.yaml, got "mine" (etc/clouds-public.yml has no such entry under public-clouds)',
    ],
  },
  {
    name: 'TLS keys within auth',
    files: prod('', ', verify: false, cacert: /etc/ssl/my.crt, cert: c, key: k, insecure: true'),
    kind: 'invalid',
    lines: ['verify', 'cacert', 'cert', 'key', 'insecure'].map(
      (key, n) =>
        `cwd/clouds.yaml:3:${[92, 107, 132, 141, 149][n]}: clouds.prod.auth.${key}: expected beside auth, got it in auth, where it has no effect`,
    ),
  },
  {
    name: 'a region within auth',
    files: prod('', ', region_name: R'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:92: clouds.prod.auth.region_name: expected beside auth, got it in auth, where it has no effect',
    ],
  },
  {
    name: 'a misspelt key within auth',
    files: prod('', ', projcet_name: p'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:3:92: clouds.prod.auth.projcet_name: expected a key of auth, got one that is not known (did you mean project_name?)',
    ],
  },
  {
    name: 'a broken key as text, which is not shown',
    files: prod('cert: CERT\nkey: |\n  -----BEGIN PRIVATE KEY-----\n  s3cretPLANTED\n  -----END PRIVATE KEY-----'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:5:10: clouds.prod.key: the text: expected a private key in PEM, got a broken one (ERR_OSSL_UNSUPPORTED)',
    ],
  },
  {
    name: 'a key that lost its first line, which is not shown',
    files: prod(`cert: CERT\nkey: ${'s3cretPLANTED/x'.repeat(5)}`),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:5:10: clouds.prod.key: expected the path of a PEM file, or PEM text, got 75 characters of another text',
    ],
  },
  {
    name: 'a key of several lines without the first, which is not shown',
    env: { ...PASSWORD, OS_CACERT: 's3cret\nPLANTED\n-----END PRIVATE KEY-----' },
    kind: 'invalid',
    lines: ['OS_CACERT: expected the path of a PEM file or a folder, or PEM text, got 40 characters of another text'],
  },
  {
    name: 'PEM text where a word was expected is not shown',
    files: prod(
      'insecure: |\n  -----BEGIN PRIVATE KEY-----\n  s3cret\nverify: |\n  -----BEGIN PRIVATE KEY-----\n  s3cret',
    ),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:7:13: clouds.prod.verify: the text: expected certificates in PEM, got text without one',
      'cwd/clouds.yaml:4:15: clouds.prod.insecure: expected true or false, got PEM text',
    ],
  },
  {
    name: 'a CA that a variable of Python names, and that is not there',
    env: { ...PASSWORD, REQUESTS_CA_BUNDLE: '/nonexistent/ca.pem', CURL_CA_BUNDLE: '/other' },
    kind: 'invalid',
    lines: ['REQUESTS_CA_BUNDLE: /nonexistent/ca.pem: expected a file, got nothing of that name'],
  },
  {
    name: 'a CA folder without hashes',
    files: { ...prod('cacert: cas'), 'cwd/cas/a.pem': '' },
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:4:13: clouds.prod.cacert: cwd/cas: expected a PEM file, or a folder made by "openssl rehash", got one without hashes',
    ],
  },
  {
    name: 'one wrong interface of several',
    files: prod('interface: [internal, privat]'),
    kind: 'invalid',
    lines: ['cwd/clouds.yaml:4:27: clouds.prod.interface: expected public, internal or admin, got "privat"'],
  },
  {
    name: 'several problems',
    files: prod('verify: maybe\ninterface: private\nauth_type: none\ncacert: nope.pem'),
    kind: 'invalid',
    lines: [
      'cwd/clouds.yaml:6:16: clouds.prod.auth_type: expected one of password, v3password, token, v3token, v3applicationcredential, got the unsupported "none"',
      'cwd/clouds.yaml:5:16: clouds.prod.interface: expected public, internal or admin, got "private"',
      'cwd/clouds.yaml:7:13: clouds.prod.cacert: cwd/nope.pem: expected a file, got nothing of that name',
      'cwd/clouds.yaml:4:13: clouds.prod.verify: expected true, false or the path of a PEM file, got "maybe"',
    ],
  },
];
