import type { Collector, CollectorStatus, Snapshot } from '../cinder/snapshot.ts';

/** Why a part of a cloud cannot be read, in plain words. */
export interface ExplainedFailure {
  readonly collectors: readonly Collector[];
  readonly sinceMs: number;
  /** What is wrong, as a sentence without a full stop. */
  readonly what: string;
  /** What it means or what helps. */
  readonly help: string;
  /** The policy rule of Cinder that would open it. */
  readonly rule: string | undefined;
  /** The word of `cinder_exporter_errors_total{reason}`, and the message as the client said it. */
  readonly reason: string;
  readonly message: string;
}

type Explanation = Pick<ExplainedFailure, 'what' | 'help'>;
type Failure = NonNullable<CollectorStatus['failure']>;

const READS: Readonly<Record<Collector, string>> = {
  services: 'the service list',
  pools: 'the driver stats',
  volume_types: 'the volume types',
  volumes: 'the counts of volumes',
  capabilities: 'the capabilities of backends',
  operations: 'the operations on volumes',
};

/** The policy rules that open what the collectors read: `cinder/policies/services.py`, `scheduler_stats.py`, `volume_type.py`, `volumes.py` and `capabilities.py`. */
const RULES: Readonly<Record<Collector, string>> = {
  services: 'volume_extension:services:index',
  pools: 'scheduler_extension:scheduler_stats:get_pools',
  volume_types: 'volume_extension:type_get_all',
  volumes: 'volume:get_all',
  capabilities: 'volume_extension:capabilities',
  operations: 'volume:get_all',
};

/** A list that is given with parts left out names the rule itself. */
function ruleOf(collector: Collector, message: string): string {
  if (collector === 'operations' && /\/messages\b/.test(message)) return 'message:get_all';
  if (collector === 'operations' && /\/backups\b/.test(message)) return 'backup:get_all';
  if (collector === 'volumes' && /\/snapshots\b/.test(message)) return 'volume:get_all_snapshots';
  if (collector === 'volumes' && /\/backups\b/.test(message)) return 'backup:get_all';
  return /policy rule ([\w:]+)/.exec(message)?.[1] ?? RULES[collector];
}

/** What is wrong with a cloud's collectors; the same failure of several is told once. */
export function explainFailures(snapshot: Pick<Snapshot, 'collectors'>): ExplainedFailure[] {
  const troubles = new Map<string, ExplainedFailure>();
  for (const { collector, failure } of snapshot.collectors) {
    if (!failure) continue;
    const key = failure.reason === 'forbidden' ? collector : failure.message;
    const same = troubles.get(key);
    troubles.set(key, {
      ...explain(collector, failure),
      collectors: [...(same?.collectors ?? []), collector],
      sinceMs: Math.min(same?.sinceMs ?? Infinity, failure.sinceMs),
      reason: failure.reason,
      message: failure.message,
      rule: failure.reason === 'forbidden' ? ruleOf(collector, failure.message) : undefined,
      ...(same && { what: same.what, help: same.help }),
    });
  }
  return [...troubles.values()];
}

function explain(collector: Collector, { reason, message }: Failure): Explanation {
  if (collector === 'operations' && reason !== 'auth')
    return {
      what: 'Operations on volumes are not seen, or not all of them',
      help:
        reason === 'forbidden'
          ? 'Everything else is as before. If it lasts, a ticket tells it: collectors.operations: false ends the question and the ticket. This policy rule of Cinder opens it to a role of the user:'
          : 'Everything else is as before. If it lasts, a ticket tells it. The message says what failed.',
    };
  if (collector === 'capabilities' && reason !== 'auth')
    return {
      what: 'Nobody can tell whether each cinder-volume answers',
      help:
        reason === 'forbidden'
          ? 'Conditions rest on the other evidence alone, and CinderBackendUnresponsive cannot fire. This policy rule of Cinder opens it to a role of the user; collectors.capabilities: false ends the question:'
          : 'Conditions rest on the other evidence alone, and CinderBackendUnresponsive cannot fire. The message says what failed; a proxy that gives up before 60 s hides what Cinder answers.',
    };
  switch (reason) {
    case 'auth':
      return {
        what: /Keystone refused/.test(message) ? 'Keystone refused the login' : 'The token was refused',
        help: 'The password or the application credential is wrong, expired or revoked, the user is locked out or disabled, or the scope is not allowed to it.',
      };
    case 'forbidden':
      return forbidden(collector, message);
    case 'timeout':
      if (collector === 'volumes')
        return {
          what: 'Cinder does not count volumes in time',
          help: 'How many volumes a backend has cannot be told. Everything else is as before.',
        };
      return collector === 'services'
        ? {
            what: 'The cloud does not answer in time',
            help: 'The API, its database, or the network on the way is slow or stands still.',
          }
        : {
            what: `No scheduler answers for ${READS[collector]}`,
            help: 'cinder-scheduler or the message bus is down, slow or overloaded. Conditions rest on the service list alone meanwhile.',
          };
    case 'connect':
      return unreachable(message);
    case 'decode':
      return {
        what: `The answer for ${READS[collector]} was not understood`,
        help: 'A proxy may have answered, or the URL leads elsewhere.',
      };
    default:
      if (/counts from 3\.45 on/.test(message))
        return {
          what: 'This Cinder is too old to count volumes',
          help: 'Everything else is as before. collectors.volumes: false ends the question.',
        };
      return {
        what: `The cloud answered with an error for ${READS[collector]}`,
        help: 'The log of cinder-api (or of the proxy before it) has more; the request id, if there is one, leads to it.',
      };
  }
}

function forbidden(collector: Collector, message: string): Explanation {
  if (collector === 'volumes')
    return {
      what: 'Cinder forbids this user to count volumes, snapshots or backups',
      help: 'Everything else is as before. collectors.volumes: false ends the question. This policy rule of Cinder opens it to a role of the user:',
    };
  if (/extra specs/.test(message))
    return {
      what: 'Cinder does not show this user all extra specs of the volume types',
      help: 'Which backends serve which type cannot be told, and CinderVolumeTypeDown cannot fire. An administrator sees them; collectors.volume_types: false ends the question. This policy rule of Cinder opens them to a role of the user:',
    };
  return {
    what: `Cinder forbids this user to read ${READS[collector]}`,
    help: 'This policy rule of Cinder opens it to a role of the user:',
  };
}

/** By our words for the codes of Node.js and OpenSSL, and by their own, which are not always shown. */
function unreachable(message: string): Explanation {
  if (/for another name|altname|Hostname\/IP/i.test(message))
    return {
      what: "The server's certificate is for another name",
      help: 'The URL and the names in the certificate must agree.',
    };
  if (/certificate is too old|certificate has expired|CERT_HAS_EXPIRED/i.test(message))
    return {
      what: "The server's certificate has expired",
      help: 'It has to be renewed on the server; clocks that are wrong look the same.',
    };
  if (/certificate is not (?:yet valid|valid yet)/i.test(message))
    return {
      what: "The server's certificate is not valid yet",
      help: 'Compare the clocks of this machine and of the server.',
    };
  if (/certificate|self.signed|unable to verify/i.test(message)) {
    return {
      what: "The server's certificate is not trusted",
      help: 'Name the file with its authority as cacert in clouds.yaml, or in OS_CACERT.',
    };
  }
  if (/connection was refused|ECONNREFUSED/.test(message))
    return {
      what: 'The connection was refused',
      help: 'Nothing listens at that address and port, or a firewall refuses.',
    };
  if (/name has no address|name could not be looked up|ENOTFOUND|EAI_AGAIN/.test(message))
    return {
      what: 'The name of the server could not be resolved',
      help: 'Check the URL in clouds.yaml, the endpoint in the catalog, and DNS.',
    };
  if (/EPROTO|SSL|TLS|wrong version number/i.test(message))
    return {
      what: 'No TLS connection could be made',
      help: 'The server may speak plain HTTP there, or only an older TLS.',
    };
  return {
    what: 'The server cannot be reached',
    help: 'The network on the way, a firewall or the server itself cuts the connection.',
  };
}
