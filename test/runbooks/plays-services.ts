import { BACKEND, CLOUDS, NOTHING, row, series, SERVICES, UPDATE_HOST } from './play.ts';
import type { Play } from './play.ts';

const single = { HOST: 'lab@single' };
const backup = { HOST: 'lab', BINARY: 'cinder-backup' };
const CONDITIONS =
  "curl -s http://EXPORTER:10776/api/v1/backends | jq -r '.backends[] | [.host, .condition, .reason] | @tsv'";
const REPLICATION = 'cinder --os-volume-api-version 3.49 service-list --binary cinder-volume --withreplication';

/** The pages of the section "Services". */
export const SERVICE_PAGES: Readonly<Record<string, Play>> = {
  CinderVolumeServiceDown: {
    words: { HOST: 'lab@broken' },
    shows: {
      [SERVICES]: row('lab@broken', 'enabled', 'down'),
      [BACKEND]: /"condition": "service_down"/,
      'cinder-manage service remove cinder-volume HOST': /removed/,
    },
  },
  CinderVolumeHostDown: {
    words: {},
    shows: {
      [SERVICES]: row('lab@broken', 'enabled', 'down'),
      [CONDITIONS]: /^lab@broken\tservice_down\t/m,
    },
  },
  CinderServiceDown: {
    words: { ...backup, REASON: 'moved away' },
    shows: {
      'openstack volume service list --long': row('cinder-backup', 'lab', 'enabled', 'down'),
      [series('cinder_service_state')]: /binary="cinder-backup",host="lab"\} 0$/m,
      'openstack volume service set --disable --disable-reason "REASON" HOST BINARY': NOTHING,
      'cinder-manage service remove BINARY HOST': /removed/,
    },
  },
  CinderSchedulerDown: {
    scene: 'scheduler hangs',
    words: {},
    shows: {
      'openstack volume service list --service cinder-scheduler': row('cinder-scheduler', 'lab', 'enabled', 'down'),
      [CLOUDS]: /"collector": "pools",\n +"success": false/,
    },
  },
  CinderSchedulerNotAnswering: {
    scene: 'scheduler hangs',
    words: {},
    shows: {
      [CLOUDS]: /"collector": "pools",\n +"success": false/,
      'openstack volume service list': row('cinder-volume', 'lab@single', 'enabled', 'up'),
      'rabbitmqctl cluster_status': /Network Partitions\S*\n\n\(none\)/,
      'rabbitmqctl list_queues name consumers messages | grep cinder-scheduler': /^cinder-scheduler\t1\t\d+$/m,
      'rabbitmq-diagnostics check_alarms': /no alarms/,
      'rabbitmq-diagnostics check_local_alarms': /no local alarms/,
    },
  },
  CinderSchedulersDisagree: {
    words: {},
    shows: {
      'openstack volume service list --service cinder-scheduler': row('cinder-scheduler', 'lab', 'enabled', 'up'),
      'curl -s http://EXPORTER:10776/metrics | grep cinder_exporter_scheduler_disagreements_total':
        /^cinder_exporter_scheduler_disagreements_total \d/m,
      [CONDITIONS]: /^lab@single\tup/m,
      'rabbitmqctl list_queues name consumers | grep cinder-scheduler': /^cinder-scheduler\t1$/m,
    },
  },
  CinderServiceDisabledTooLong: {
    scene: 'left over',
    words: { ...single, BINARY: 'cinder-volume' },
    shows: {
      'openstack volume service list --long | grep -i disabled': row('lab@single', 'disabled', 'up', 'maintenance'),
      [series('cinder_service_info')]: /disabled_reason="maintenance"/,
      'openstack volume service set --enable HOST BINARY': NOTHING,
      'cinder-manage service remove BINARY HOST': /removed/,
    },
  },
  CinderServiceFrozenTooLong: {
    scene: 'frozen',
    words: single,
    first: 'cinder freeze-host HOST',
    shows: {
      'cinder freeze-host HOST': NOTHING,
      [REPLICATION]: row('lab@single', 'disabled', 'True', 'frozen'),
      [BACKEND]: /"condition": "frozen"/,
      'cinder thaw-host HOST': NOTHING,
      'openstack volume service set --enable HOST cinder-volume': NOTHING,
    },
  },
  CinderBackendFailedOver: {
    scene: 'failed over',
    words: single,
    first: 'cinder failover-host HOST',
    shows: {
      'cinder failover-host HOST': NOTHING,
      [REPLICATION]: row('lab@single', 'disabled', 'failed-over', 'second-site'),
      [BACKEND]: /"replication_status": "failed-over",\n +"active_backend_id": "second-site"/,
      'cinder failover-host HOST --backend_id default': NOTHING,
    },
  },
  CinderServiceRecordStale: {
    scene: 'left over',
    words: { HOST: 'lab@stale', BINARY: 'cinder-volume', POOL: 'stale', NEW: 'lab@single' },
    shows: {
      'openstack volume service list --long': row('cinder-volume', 'lab@stale', 'enabled', 'down'),
      'cinder-manage service list': /^cinder-volume +lab@stale .* XXX /m,
      [series('cinder_service_updated_timestamp_seconds')]: /host="lab@stale"\} \d{10}/,
      'cinder-manage service remove BINARY HOST': /removed/,
      [UPDATE_HOST]: NOTHING,
    },
  },
  CinderServiceClockSkew: {
    words: single,
    shows: {
      'openstack volume service list': row('cinder-volume', 'lab@single', 'enabled', 'up'),
      [series('cinder_service_updated_timestamp_seconds')]: /host="lab@single"\} \d{10}/,
      'date +%s': /^\d{10}$/m,
    },
  },
};
