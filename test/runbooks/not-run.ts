/** Commands of the runbooks that the real suite does not run, and why. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  'ceph -s': 'needs a Ceph cluster',
  'ceph df': 'needs a Ceph cluster',
  'ceph osd df': 'needs a Ceph cluster',
  'rbd trash ls': 'needs a Ceph cluster',
  'openstack volume backup list --all-projects --long': 'nobody makes backups there',
  'journalctl -u cinder-backup --since -6h | grep -i error': 'needs systemd as the first process',
  'chronyc tracking': 'needs a chronyd that owns the clock',
  'cinder get-pools': 'the page says not to',
  'cinder-exporter canary --clean': 'needs a login of the canary; test/cli/canary.test.ts runs it',
  'cinder-exporter canary --once': 'needs a login of the canary; test/cli/canary.test.ts runs it',
  "curl -s http://EXPORTER:10776/metrics | grep '^cinder_canary_'": 'needs a canary',
  "curl -s http://EXPORTER:10776/metrics | grep '^cinder_canary_duration_seconds'": 'needs a canary',
  "curl -s http://EXPORTER:10776/metrics | grep '^cinder_canary_leaked_volumes'": 'needs a canary',
  'openstack volume service set --disable --disable-reason "REASON" HOST cinder-volume':
    'CinderPoolPhysicalSpaceCritical has the same',
  'openstack volume set --state error VOLUME': 'nothing is stuck or in error_deleting there',
  'openstack volume snapshot set --state error SNAPSHOT': 'nothing is in error_deleting there',
  "journalctl -u cinder-volume --since -30min | grep -iE 'error|critical|traceback' | tail -20":
    'needs systemd as the first process',
  "journalctl -u cinder-volume --since -15min | grep -iE 'error|stats'": 'needs systemd as the first process',
  "journalctl -u cinder-volume --since -15min | grep -iE 'error|timeout|amqp|lock'":
    'needs systemd as the first process',
  'kubectl get pods -A -l app.kubernetes.io/name=cinder-exporter': 'needs a Kubernetes cluster',
  'systemctl restart cinder-volume': 'needs systemd as the first process',
  'systemctl status cinder-exporter': 'needs systemd as the first process',
  'systemctl status cinder-scheduler': 'needs systemd as the first process',
  'systemctl status cinder-volume': 'needs systemd as the first process',
};
