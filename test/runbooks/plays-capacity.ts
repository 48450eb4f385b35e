import { BACKEND, NOTHING, POOLS_OF_BACKEND, row, rows, VOLUMES } from './play.ts';
import type { Play } from './play.ts';

const words = { HOST: 'lab@single', POOL: 'single' };
const IN_ERROR = 'openstack volume list --all-projects --status error --long';
const NOT_UP = `curl -s http://EXPORTER:10776/api/v1/backends | jq '.backends[] | select(.condition != "up")'`;
const FREE = rows('name', 'free_capacity_gb', 'total_capacity_gb');
const ALL = rows('name', '[a-z]+_capacity_gb', 'max_over_subscription_ratio', 'reserved_percentage');
const free = /free_capacity_gb +\| 1 +\|\n\| name +\| lab@single#single +\|\n\| total_capacity_gb +\| 100 /;
const all =
  /max_over_subscription_ratio +\| 2\.0 .*\n.* name .*lab@single#single .*\n\| provisioned_capacity_gb +\| 300 .*\n\| reserved_percentage +\| 5 .*\n\| total_capacity_gb /;

/** The pages of the section "Capacity". */
export const CAPACITY: Readonly<Record<string, Play>> = {
  CinderPoolPhysicalSpaceCritical: {
    words,
    shows: {
      [POOLS_OF_BACKEND]: /"free_bytes": 1073741824,/,
      [FREE]: free,
      'lvs -a': /^/,
      'openstack volume service set --disable --disable-reason "pool full" HOST cinder-volume': NOTHING,
    },
  },
  CinderPoolSpaceLow: {
    words,
    shows: {
      [POOLS_OF_BACKEND]: /"virtual_free_bytes": -\d/,
      [ALL]: all,
      [`${VOLUMES} --sort size:desc --limit 20`]: row('available', 'large', '2'),
    },
  },
  CinderErrorVolumesGrowing: {
    words: {},
    shows: {
      "curl -s http://EXPORTER:10776/metrics | grep '^cinder_volumes{'": /status="error"/,
      [IN_ERROR]: /^/,
    },
  },
  CinderBackendCreationsFailing: { words, shows: { [BACKEND]: /"last_creation_at": null,/, [IN_ERROR]: /^/ } },
  CinderVolumeCreationsFailing: { words: {}, shows: { [NOT_UP]: /"condition": /, [IN_ERROR]: /^/ } },
  CinderVolumeTypeFailing: { words: {}, shows: { [NOT_UP]: /"condition": /, [IN_ERROR]: /^/ } },
  CinderVolumeTypeUnschedulable: { words: {}, shows: { [NOT_UP]: /"condition": /, [IN_ERROR]: /^/ } },
  CinderVolumeOperationsStuck: {
    words: { ...words, VOLUME: 'large' },
    shows: { [BACKEND]: /"operations_stuck": \{\}/, 'openstack volume list --all-projects --long': /^/ },
  },
  CinderBackupsFailing: {
    words: {},
    shows: { "curl -s http://EXPORTER:10776/metrics | grep '^cinder_backups{'": /^/ },
  },
  CinderPoolFillingUp: { words, shows: { [POOLS_OF_BACKEND]: /"free_bytes": 1073741824,/, [FREE]: free } },
  CinderPoolOverProvisioned: { words, shows: { [POOLS_OF_BACKEND]: /"virtual_free_bytes": -\d/, [ALL]: all } },
};
