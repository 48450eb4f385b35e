import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const KUBERNETES = new URL('../../deploy/kubernetes/', import.meta.url);

/** Values for the chart, by what they are like. */
export interface ChartValues {
  /** What `deploy/kubernetes` has. */
  readonly clouds: object;
  readonly existing: object;
  readonly environment: object;
  readonly everything: object;
  readonly bare: object;
}

export function chartValues(): ChartValues {
  return {
    clouds: { openstack: parse(readFileSync(new URL('clouds.yaml', KUBERNETES), 'utf8')) as unknown },
    existing: { openstack: { existingSecret: 'mine', cloud: 'north' }, web: { existingSecret: 'mine-too' } },
    environment: { openstack: { envFromSecret: 'cinder-keystone-admin', ca: { configMap: 'authorities' } } },
    everything: EVERYTHING,
    bare: {
      openstack: { envFromSecret: 'cinder-keystone-admin' },
      resources: { requests: null, limits: null },
      ...Object.fromEntries(
        ['serviceMonitor', 'prometheusRule', 'dashboards', 'networkPolicy'].map((key) => [key, { enabled: false }]),
      ),
    },
  };
}

const cloud = {
  auth: { auth_url: 'https://keystone.example.org:5000/v3', username: 'x', password: '012345678', project_name: '1e3' },
  user_domain_id: 'default',
  project_domain_id: 'default',
  cacert: '/etc/openstack-ca/ca.crt',
};

const EVERYTHING = {
  openstack: { clouds: { north: cloud, south: cloud }, ca: { secret: 'authorities', key: 'root.pem' } },
  config: {
    clouds: { north: { interval: '1m' }, south: { schedule: '*/20 * * * * *' } },
    defaults: { limits: { max_rows: 10_000_000 }, timeouts: { request: '5s' } },
    grafana_url: 'https://grafana.example.org',
    runbook_url: 'https://wiki.example.org/runbooks',
  },
  web: {
    config: {
      tls_server_config: { cert_file: 'tls.crt', key_file: 'tls.key' },
      basic_auth_users: { prometheus: '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG' },
    },
    tlsSecret: 'certificate',
  },
  image: { repository: 'registry.example.org/cinder-exporter', tag: '1.2.3', pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'registry' }],
  replicas: 2,
  extraArgs: ['--log.format=json'],
  extraEnv: [{ name: 'TZ', value: 'UTC' }],
  extraVolumes: [{ name: 'more', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
  podAnnotations: { 'example.org/team': 'storage' },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'control-plane', operator: 'Exists' }],
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  commonLabels: { release: 'stack' },
  service: { annotations: { 'example.org/owner': 'storage' } },
  serviceMonitor: { endpoint: { scrapeTimeout: '5s' } },
  dashboards: { annotations: { grafana_folder: 'Cinder' } },
  networkPolicy: { from: [], egressPorts: [] },
};
