import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { decimals, filled, limit, mapped, showColumns, unit } from './columns.ts';
import { REPLICA, own, perCloud, perProcess } from './exporter-queries.ts';
import { BAD, GOOD, WARN, flagMapping } from './mapping.ts';
import { steps, tablePanel } from './panels.ts';
import { age } from './promql.ts';
import { table } from './targets.ts';

/** A row for each replica and its cloud: captions of single values are cut off from the second replica on. */
export function access(): TableBuilder {
  return showColumns(
    tablePanel({
      title: 'Access of each replica',
      description:
        'Services: whether the last refresh read the service list of Cinder; without it nothing new is known of any backend. Last refresh: since it ended, well or not; coloured after five minutes. Token left: a token is renewed two minutes before it expires; below zero, logins fail, and nothing stands there before the first login. Certificates: they are verified unless somebody wrote "verify: false".',
      unit: 'none',
    })
      .withTarget(table(`max by (${REPLICA}) (${perCloud('cinder_up')})`))
      .withTarget(table(age(own('last_refresh_timestamp_seconds'))))
      .withTarget(table(`${own('token_expiry_timestamp_seconds')} - time()`))
      .withTarget(table(own('tls_verification_disabled')))
      .sortBy([{ build: () => ({ displayName: 'Services', desc: false }) }]),
    [
      { from: 'instance', header: 'Instance' },
      { from: 'cloud', header: 'Cloud', width: 120 },
      {
        from: 'Value #A',
        header: 'Services',
        width: 115,
        look: [filled(), mapped(flagMapping({ text: 'read', color: GOOD }, { text: 'not read', color: BAD }))],
      },
      {
        from: 'Value #B',
        header: 'Last refresh',
        width: 125,
        look: [unit('s'), decimals(0), filled(), limit(300, WARN)],
      },
      {
        from: 'Value #C',
        header: 'Token left',
        width: 110,
        look: [
          unit('s'),
          decimals(0),
          filled(),
          { id: 'thresholds', value: steps(BAD, [0, WARN], [60, 'transparent']).build() },
        ],
      },
      {
        from: 'Value #D',
        header: 'Certificates',
        width: 125,
        look: [filled(), mapped(flagMapping({ text: 'not verified', color: WARN }, { text: 'verified' }))],
      },
    ],
  );
}

/** What belongs to the process. With several clouds it is scraped on its own. */
export function processes(): TableBuilder {
  return showColumns(
    tablePanel({
      title: 'Exporters',
      description:
        'Version of each exporter and of Node.js, and whether the last attempt to load the configuration succeeded. After a failed one the exporter goes on with the old configuration.',
      unit: 'none',
    })
      .withTarget(
        table(`group by (job, instance, version, node_version) (${perProcess('cinder_exporter_build_info')})`),
      )
      .withTarget(table(`max by (job, instance) (${perProcess('cinder_exporter_config_last_reload_successful')})`)),
    [
      { from: 'instance', header: 'Instance' },
      { from: 'version', header: 'Version', width: 90 },
      { from: 'node_version', header: 'Node.js', width: 95 },
      {
        from: 'Value #B',
        header: 'Configuration',
        width: 130,
        look: [filled(), mapped(flagMapping({ text: 'loaded', color: GOOD }, { text: 'rejected', color: BAD }))],
      },
    ],
    ['Value #A'],
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
