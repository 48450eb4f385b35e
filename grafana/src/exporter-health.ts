import type { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { mapped, showColumns } from './columns.ts';
import { LEGEND, REPLICA, perCloud, perProcess } from './exporter-queries.ts';
import { BAD, GOOD, WARN, flagMapping } from './mapping.ts';
import { stat, steps, tablePanel } from './panels.ts';
import { now, table } from './targets.ts';

export function readable(): StatBuilder {
  return stat({
    title: 'Service list',
    description:
      'Whether the last refresh read the service list of Cinder. Without it nothing new is known of any backend.',
    unit: 'none',
  })
    .mappings(flagMapping({ text: 'read', color: GOOD }, { text: 'not read', color: BAD }))
    .withTarget(now(`max by (${REPLICA}) (${perCloud('cinder_up')})`, LEGEND));
}

export function tokenLife(): StatBuilder {
  return stat({
    title: 'Token expires in',
    description: 'The Keystone token is renewed two minutes before it expires. Below zero, logins fail.',
    unit: 's',
  })
    .thresholds(steps(BAD, [0, WARN], [60, GOOD]))
    .noValue('never logged in')
    .withTarget(
      now(`max by (${REPLICA}) (${perCloud('cinder_exporter_token_expiry_timestamp_seconds')}) - time()`, LEGEND),
    );
}

export function reload(): StatBuilder {
  return stat({
    title: 'Configuration',
    description:
      'Whether the last attempt to load the configuration succeeded. After a failed one the exporter goes on with the old configuration.',
    unit: 'none',
  })
    .mappings(flagMapping({ text: 'loaded', color: GOOD }, { text: 'rejected', color: BAD }))
    .withTarget(
      now(`max by (job, instance) (${perProcess('cinder_exporter_config_last_reload_successful')})`, '{{instance}}'),
    );
}

export function tls(): StatBuilder {
  return stat({
    title: 'Certificates',
    description:
      'Whether the certificates of the cloud are verified. Somebody has to write "verify: false" for them not to be.',
    unit: 'none',
  })
    .mappings(flagMapping({ text: 'not verified', color: WARN }, { text: 'verified', color: GOOD }))
    .withTarget(now(`max by (${REPLICA}) (${perCloud('cinder_exporter_tls_verification_disabled')})`, LEGEND));
}

export function builds(): TableBuilder {
  return showColumns(
    tablePanel({
      title: 'Exporters',
      description: 'Version of the exporter and of Node.js, for each replica.',
      unit: 'none',
    }).withTarget(
      table(`group by (job, instance, version, node_version) (${perProcess('cinder_exporter_build_info')})`),
    ),
    [
      { from: 'instance', header: 'Instance' },
      { from: 'version', header: 'Version' },
      { from: 'node_version', header: 'Node.js' },
    ],
    ['Value'],
  );
}

export function apiVersions(): TableBuilder {
  return showColumns(
    tablePanel({
      title: 'Block Storage API',
      description:
        'The microversions that the API offers, and the one in use. From 3.49 on the service list has the state of the backends.',
      unit: 'none',
    })
      .withTarget(
        table(`group by (${REPLICA}, min_version, max_version, used_version) (${perCloud('cinder_api_info')})`),
      )
      .withTarget(table(`max by (${REPLICA}) (${perCloud('cinder_api_backend_state_supported')})`)),
    [
      { from: 'instance', header: 'Instance' },
      { from: 'cloud', header: 'Cloud' },
      { from: 'min_version', header: 'Lowest', width: 100 },
      { from: 'max_version', header: 'Highest', width: 100 },
      { from: 'used_version', header: 'In use', width: 100 },
      {
        from: 'Value #B',
        header: 'backend_state',
        width: 135,
        look: [mapped(flagMapping({ text: 'supported', color: GOOD }, { text: 'too old', color: BAD }))],
      },
    ],
    ['Value #A'],
  );
}
