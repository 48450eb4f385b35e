import { BACKEND, NOTHING, row, rows, SERVICES, SERVICES_349, UPDATE_HOST, VOLUMES } from './play.ts';
import type { Play } from './play.ts';

const down = { HOST: 'lab@down' };
const stale = { HOST: 'lab@stale' };
const mute = { HOST: 'lab@mute' };
const single = { HOST: 'lab@single' };
const pools = { HOST: 'lab@pools' };
const STATES = rows('name', 'backend_state');
/** The pools of `lab@pools`, each with its state above its name. */
const statesOfPools =
  /backend_state .*\| down +\|\n\| name .*lab@pools#fast +\|\n\| backend_state .*\| degraded +\|\n\| name /;

/** The pages of the section "Backends". */
export const BACKENDS: Readonly<Record<string, Play>> = {
  CinderBackendDown: {
    words: { ...down, INCIDENT: 'incident 7' },
    shows: {
      [BACKEND]: /"condition": "down"/,
      [SERVICES_349]: row('lab@down', 'enabled', 'up', 'down'),
      [STATES]: /backend_state .*\| down .*\n.* name .*lab@down#down/,
      'openstack volume service set --disable --disable-reason "array down, INCIDENT" HOST cinder-volume': NOTHING,
    },
  },
  CinderBackendStatsStale: {
    words: stale,
    shows: {
      [BACKEND]: /"condition": "stale"/,
      [rows('name', 'timestamp')]: /name .*lab@stale#stale .*\n\| timestamp +\| \d{4}-/,
      [SERVICES_349]: row('lab@stale', 'enabled', 'up', 'up'),
      vgs: /^/,
      df: /Filesystem/,
    },
  },
  // The lab's services answer here: no more is shown than that the commands work.
  CinderBackendUnresponsive: {
    words: { ...single, INCIDENT: 'incident 9' },
    shows: {
      [BACKEND]: /"reason": "/,
      [SERVICES_349]: row('lab@single', 'enabled', 'up'),
      "cinder --os-volume-api-version 3.33 list --all-tenants --filters 'host=HOST'": row('available', 'large'),
      'openstack volume service set --disable --disable-reason "INCIDENT" HOST cinder-volume': NOTHING,
      'openstack volume service set --enable HOST cinder-volume': NOTHING,
      'cinder freeze-host HOST': NOTHING,
      'cinder thaw-host HOST': NOTHING,
    },
  },
  CinderVolumeServiceBusy: {
    words: single,
    shows: {
      [BACKEND]: /"reason": "/,
      "cinder --os-volume-api-version 3.33 list --all-tenants --filters 'host=HOST'": row('available', 'large'),
    },
  },
  CinderVolumeServicesUnresponsive: {
    words: {},
    shows: {
      "curl -s http://EXPORTER:10776/api/v1/backends | jq '.backends[] | {host, condition, reason}'": /"reason": "/,
      [SERVICES_349]: row('lab@single', 'enabled', 'up'),
      'rabbitmqctl list_queues name consumers | grep cinder-volume': /cinder-volume\S*\t\d/,
    },
  },
  CinderBackendCapacityVanished: {
    words: { HOST: 'lab@empty', INCIDENT: 'incident 8' },
    shows: {
      [BACKEND]: /"condition": "failing"/,
      [rows('name', 'total_capacity_gb', 'allocated_capacity_gb', 'timestamp')]:
        /allocated_capacity_gb +\| [1-9][^]*name .*lab@empty#empty .*[^]*total_capacity_gb +\| 0 /,
      [SERVICES_349]: row('lab@empty', 'enabled', 'up', 'up'),
      df: /Filesystem/,
      'openstack volume service set --disable --disable-reason "INCIDENT" HOST cinder-volume': NOTHING,
    },
  },
  CinderBackendStateUnknown: {
    words: mute,
    shows: {
      [BACKEND]: /"condition": "unknown"/,
      [SERVICES_349]: row('lab@mute', 'enabled', 'up', '-'),
      "cinder get-pools | grep ' name '": /^(?!.*lab@mute)(?=.*lab@single)/s,
      'rabbitmqctl list_queues name consumers | grep cinder-scheduler': /^cinder-scheduler\t1$/m,
    },
  },
  CinderBackendDegraded: { words: pools, shows: { [BACKEND]: /"condition": "degraded"/, [STATES]: statesOfPools } },
  CinderPoolDown: {
    words: { ...pools, POOL: 'cold tier/ä' },
    shows: { [BACKEND]: /"backend_state": "down"/, [STATES]: statesOfPools, [VOLUMES]: row('available', 'pooled') },
  },
  CinderBackendFlapping: {
    words: down,
    shows: {
      [BACKEND]: /"changes": [1-9]/,
      [`curl -s http://EXPORTER:10776/metrics | grep 'cinder_backend_condition_change.*host="HOST"'`]:
        /changes_total\{.*\} [1-9][^]*change_timestamp_seconds\{/,
    },
  },
  CinderBackendVanished: {
    words: { HOST: 'lab@gone', POOL: 'gone', NEW: 'lab@single' },
    first: 'cinder-manage service remove cinder-volume HOST',
    shows: {
      [SERVICES]: /^(?!.*lab@gone)(?=.*lab@single)/s,
      'cinder-manage service list': /^(?!.*lab@gone)(?=.*lab@single)/s,
      [VOLUMES]: row('available', 'left'),
      "curl -s http://EXPORTER:10776/api/v1/backends | jq -r '.backends[].host'": /^(?!.*lab@gone)(?=.*lab@single)/s,
      'cinder-manage service remove cinder-volume HOST': /removed/,
      [UPDATE_HOST]: NOTHING,
    },
  },
  CinderPoolVanished: {
    words: { ...pools, POOL: 'cold tier/ä' },
    shows: {
      [BACKEND]: /^(?!.*cold tier)(?=.*"pool": "fast")/s,
      "cinder get-pools | grep 'HOST#'": /^(?!.*cold tier)(?=.*lab@pools#fast)/s,
      [VOLUMES]: row('available', 'pooled'),
    },
  },
  CinderBackendStateAssumed: {
    words: single,
    shows: {
      [`curl -s http://EXPORTER:10776/api/v1/backends | jq '.backends[] | select(.host == "HOST") | .state_reported, .array_outage'`]:
        /^false\n(?:null|"\w+")$/m,
      [STATES]: /^\| name +\| lab@single#single +\|$/m,
    },
  },
  CinderAllBackendsDown: {
    words: {},
    shows: {
      "curl -s http://EXPORTER:10776/api/v1/backends | jq -r '.backends[] | [.host, .condition, .reason] | @tsv'":
        /^lab@down\tdown\t[^]*^lab@stale\tstale\t/m,
      [SERVICES_349]: row('lab@down', 'enabled', 'up', 'down'),
      "cinder get-pools --detail | grep -E ' (name|backend_state|timestamp) '":
        /backend_state .*\| down .*\n.* name .*lab@down#down .*\n\| timestamp /,
    },
  },
  CinderVolumeTypeDown: {
    words: { TYPE: 'gold', OTHER: 'plain', VOLUME: 'precious' },
    shows: {
      'openstack volume type show TYPE -c properties': /volume_backend_name='down'/,
      [`curl -s http://EXPORTER:10776/metrics | grep 'cinder_volume_type_backend_info{.*volume_type="TYPE"'`]:
        /host="lab@down"/,
      "curl -s http://EXPORTER:10776/api/v1/backends | jq -r '.backends[] | [.host, .condition] | @tsv'":
        /^lab@stale\tstale$/m,
      "cinder get-pools --detail | grep -E ' (name|backend_state|volume_backend_name) '":
        /backend_state .*\| down .*\n.* name .*lab@down#down .*\n\| volume_backend_name +\| down /,
      'cinder retype --migration-policy on-demand VOLUME OTHER': NOTHING,
    },
  },
};
