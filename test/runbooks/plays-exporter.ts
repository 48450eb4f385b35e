import { CLOUDS, row } from './play.ts';
import type { Play } from './play.ts';

const good = /"up": true,/;

/** The pages of the section "Exporter and API". Nothing is the matter with either: a command must end well to be read. */
export const EXPORTER: Readonly<Record<string, Play>> = {
  CinderExporterDown: {
    words: {},
    shows: {
      'curl -s http://EXPORTER:10776/-/healthy': /\S/,
      'curl -s http://PROMETHEUS:9090/api/v1/targets | jq \'.data.activeTargets[] | select(.labels.job == "cinder-exporter") | {scrapeUrl, health, lastError}\'':
        /"health": "up",\n +"lastError": ""/,
      'openstack volume service list': row('cinder-volume', 'lab@single', 'enabled', 'up'),
      'cinder-exporter --config.check': /configuration is good/,
    },
  },
  CinderExporterNoData: {
    words: {},
    shows: {
      "curl -s http://EXPORTER:10776/metrics | grep '^cinder_up'": /^cinder_up 1$/m,
      'curl -s http://EXPORTER:10776/-/healthy': /\S/,
      'openstack volume service list': row('cinder-volume', 'lab@single', 'enabled', 'up'),
    },
  },
  CinderAPIUnreachable: {
    words: {},
    shows: {
      [CLOUDS]: good,
      'openstack --debug volume service list 2>&1 | tail -20': /RESP: \[200\][^]*lab@single/,
      'curl -si -m 10 https://CINDER:8776/healthcheck': /^HTTP\/1\.1 200 OK[^]*OK$/,
      'curl -si -m 10 https://KEYSTONE:5000/v3': /^HTTP\/1\.1 200 OK[^]*"v3/,
    },
  },
  CinderExporterAuthFailing: {
    words: { NAME: 'mycloud' },
    shows: {
      [CLOUDS]: good,
      'openstack --os-cloud NAME token issue -c expires': row('expires', String.raw`\d{4}-\S+`),
      'openstack --os-cloud NAME volume service list': row('cinder-volume', 'lab@single', 'enabled', 'up'),
      'openstack --os-cloud NAME application credential list': row('lab'),
      'curl -X POST http://EXPORTER:10776/-/reload': /^/,
    },
  },
  CinderExporterDataStale: {
    words: {},
    shows: {
      [CLOUDS]: good,
      "curl -s http://EXPORTER:10776/metrics | grep -E '^cinder_(scrape_collector|exporter_errors|exporter_last_refresh)'":
        /^cinder_scrape_collector_success\{collector="pools"\} 1$[^]*^cinder_exporter_last_refresh/m,
    },
  },
  CinderExporterRowsRejected: {
    words: {},
    shows: {
      'curl -s http://EXPORTER:10776/metrics | grep ^cinder_exporter_rejected_rows':
        /^cinder_exporter_rejected_rows_total\{collector="pools"\} 0$/m,
    },
  },
  CinderExporterClockSkew: {
    words: {},
    shows: {
      [`curl -s http://EXPORTER:10776/metrics | grep -E '^cinder_scrape_collector_last_success.*"services"'`]:
        /"services"\} \d{10}/,
      'date +%s': /^\d{10}$/m,
    },
  },
  CinderAPITooOld: {
    words: {},
    shows: {
      'curl -s http://EXPORTER:10776/metrics | grep ^cinder_api': /^cinder_api_info\{/m,
      "curl -s https://CINDER:8776/ | jq -c '.versions[] | [.version, .min_version]'": /^\["3\.70","3\.0"\]$/m,
    },
  },
};
