import type { CinderCall, Result } from './cinder-call.ts';
import { allows, jsonResult } from './cinder-call.ts';
import { Fault } from './cinder-fault.ts';
import type { JsonObject } from './definition.ts';
import { reported } from './driver.ts';
import { MessagingTimeout } from './message-bus.ts';

const standard = (title: string, description: string): JsonObject => ({ title, description, type: 'boolean' });

/** Source: cinder/volume/driver.py, _init_standard_capabilities. */
const PROPERTIES: JsonObject = {
  thin_provisioning: standard('Thin Provisioning', 'Sets thin provisioning.'),
  compression: standard('Compression', 'Enables compression.'),
  qos: standard('QoS', 'Enables QoS.'),
  replication_enabled: standard('Replication', 'Enables replication.'),
};

/**
 * `GET /v3/capabilities/{host}`: an RPC to the cinder-volume of that host, or to any member of that cluster; its driver is not asked. Without an
 * initialised driver everything is null. Source: cinder/api/contrib/capabilities.py.
 */
export async function showCapabilities(call: CinderCall, name: string): Promise<Result> {
  const { api, roles } = call;
  if (!allows(api.policy().capabilities, roles)) {
    throw new Fault(403, "Policy doesn't allow volume_extension:capabilities to be performed.");
  }
  const isOf = (held: string | null): boolean =>
    held === name || (held !== null && !name.includes('@') && held.startsWith(`${name}@`));
  const row = api.database.services.find(
    ({ binary, host, cluster }) => binary === 'cinder-volume' && (isOf(host) || isOf(cluster)),
  );
  if (row === undefined) throw new Fault(404, `Can't find service: ${name}`);
  const topic = row.cluster ?? row.host;
  try {
    const said = await api.queues
      .volume(topic)
      .call(({ initialised, driver }): JsonObject =>
        initialised ? { ...reported(driver), properties: PROPERTIES } : {},
      );
    return jsonResult(200, capabilitiesBody(topic, said));
  } catch (error) {
    // `RPCTimeout` is not safe to show, so that its words are WebOb's.
    if (error instanceof MessagingTimeout) throw new Fault(502, 'Bad gateway.');
    throw error;
  }
}

function capabilitiesBody(topic: string, said: JsonObject): JsonObject {
  const names = [
    'vendor_name',
    'volume_backend_name',
    'pool_name',
    'driver_version',
    'storage_protocol',
    'display_name',
    'description',
    'visibility',
  ];
  return {
    namespace: `OS::Storage::Capabilities::${topic}`,
    ...Object.fromEntries(names.map((name) => [name, said[name] ?? null])),
    replication_targets: said['replication_targets'] ?? [],
    properties: said['properties'] ?? null,
  };
}
