import type { Problem } from '../config/problems.ts';
import { parseCertificates } from './tls-material.ts';
import { CLIENT_AUTH } from './tls-names.ts';
import type { ClientAuth } from './tls-names.ts';
import { readPem } from './tls-pem.ts';
import type { Pem } from './tls-pem.ts';
import type { Section } from './web-config-section.ts';

/** What clients must show. */
export interface ClientPolicy {
  readonly auth: ClientAuth;
  readonly ca: Pem | undefined;
  readonly allowedSans: readonly string[] | undefined;
  readonly warnings: readonly string[];
}

/** The `client_*` keys of `tls_server_config`, refusing what would guard less than it seems to. */
export function readClientAuth(section: Section, folder: string, problems: Problem[]): ClientPolicy {
  const before = problems.length;
  const auth =
    section.choice('client_auth_type', CLIENT_AUTH, `one of ${[...CLIENT_AUTH.keys()].join(', ')}`) ?? 'NoClientCert';
  const known = problems.length === before;
  const caWritten = section.has('client_ca') || section.has('client_ca_file');
  const ca = readPem(section, 'client_ca', folder, undefined, problems);
  if (ca) parseCertificates(ca, problems);
  if (known && caWritten && auth === 'NoClientCert') {
    section.refuse('client_auth_type', 'RequireAndVerifyClientCert or another type beside a client CA', 'NoClientCert');
  }
  // exporter-toolkit would then trust every public authority's certificates.
  if (known && !caWritten && auth === 'RequireAndVerifyClientCert') {
    section.refuse('client_ca_file', `a file with the authority of the clients (or client_ca) for ${auth}`, 'nothing');
  }
  const allowedSans = readSans(section, known ? auth : undefined);
  const checked = auth === 'RequireAndVerifyClientCert' || auth === 'NoClientCert';
  return {
    auth,
    ca,
    allowedSans,
    warnings: checked ? [] : [`client_auth_type ${auth} lets in clients without a verified certificate.`],
  };
}

function readSans(section: Section, auth: ClientAuth | undefined): readonly string[] | undefined {
  const key = 'client_allowed_sans';
  const items = section.list(key, 'a list of names');
  if (!items) return undefined;
  if (items.length === 0 || items.some(({ text }) => text.trim() === ''))
    section.refuse(key, 'at least one name', items.length === 0 ? undefined : 'an empty one');
  if (auth !== undefined && auth !== 'RequireAnyClientCert' && auth !== 'RequireAndVerifyClientCert') {
    section.refuse(key, 'client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert beside it', auth);
  }
  return items.map(({ text }) => text);
}
