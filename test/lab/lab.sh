#!/usr/bin/env bash
# A throw-away but real OpenStack Keystone + Cinder on loopback: the packages of Debian 12 (Zed), or another release.
#
#   lab.sh install [PACKAGE...]     install what the lab needs, and the packages named (root; nothing is started)
#   lab.sh up                       install if missing, bootstrap, start, wait until ready (idempotent)
#   lab.sh down [--keep]            stop everything this script started; without --keep also delete $LAB_DIR
#   lab.sh status                   what runs, and its pid; exit 0 only if all of it runs
#   lab.sh env [WHO]                print "export OS_..." lines; WHO: admin (default) system appcred member reader
#                                   system-reader monitor watcher (monitor and reader)
#   lab.sh token [WHO]              print a fresh token
#   lab.sh backend NAME [JSON]      show, or merge JSON into, what the driver of backend NAME reports
#                                   (null deletes a key); e.g. backend single '{"backend_state":"down"}'
#   lab.sh start|stop|restart|kill|pause|resume UNIT...
#                                   UNIT: rabbitmq mariadb keystone cinder-api cinder-scheduler cinder-backup
#                                   volume-<backend>   (kill: SIGKILL; pause/resume: SIGSTOP/SIGCONT)
#                                   cinder-scheduler-b is a second scheduler, of the host lab-b, once it is started
#   lab.sh forget BINARY HOST       remove the row of a service that was stopped
#   lab.sh wait                     wait until every service is up and every pool is known
#   lab.sh remove BACKEND           stop its cinder-volume and `cinder-manage service remove` its row
#   lab.sh restore BACKEND          configure and start it again
#   lab.sh policy FILE              give the Cinder API another policy.yaml (read again without a restart)
#   lab.sh manage ARG...            cinder-manage with the lab's configuration
#   lab.sh sql STATEMENT            a statement for Cinder's database, for what lasts longer than a test
#   lab.sh tools FOLDER             make cinder-manage, rabbitmqctl and rabbitmq-diagnostics there, which mean this lab
#
# Backends: single (one implicit pool), pools (three pools), unknown (infinite, unknown and no capacity), silent
# (Cinder's own FakeLoggingVolumeDriver, which never reports a state), broken (its set-up fails), clustered and
# clustered-b (two hosts of one active/active cluster), and any other name (like single; NAME-b is on the host lab-b).
#
# Everything lives in $LAB_DIR (default: openstack-lab in the temporary folder). Only processes recorded there are ever
# signalled. Settings, read from the environment at the first `up` and then remembered in
# $LAB_DIR/settings: see the defaults below.
#
# Another release than Debian's: LAB_VENV, a virtual environment with Cinder and Keystone (python-environment.ts makes one).
# Another database than SQLite, which refuses one of two writes that come at once, the newest release all the time:
# LAB_DB_PORT, a MariaDB of the lab's own (a unit: mariadb); or LAB_DB_URL, such as
# mysql+pymysql://lab:lab@127.0.0.1:13306, in which there are databases "keystone" and "cinder", utf8mb4 and empty;
# `down` leaves these.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_DIR=${LAB_DIR:-${TMPDIR:-/tmp}/openstack-lab}
if [ -r "$LAB_DIR/settings" ]; then . "$LAB_DIR/settings"; fi
LAB_KEYSTONE_PORT=${LAB_KEYSTONE_PORT:-5000}
LAB_CINDER_PORT=${LAB_CINDER_PORT:-8776}
LAB_AMQP_PORT=${LAB_AMQP_PORT:-5672}
LAB_DIST_PORT=${LAB_DIST_PORT:-25672}           # Erlang distribution
LAB_EPMD_PORT=${LAB_EPMD_PORT:-4369}
LAB_BACKENDS=${LAB_BACKENDS:-single pools silent unknown broken}
LAB_RPC_TIMEOUT=${LAB_RPC_TIMEOUT:-60}          # oslo.messaging default: 60
LAB_RPC_THREADS=${LAB_RPC_THREADS:-64}          # executor_thread_pool_size, oslo.messaging default: 64
LAB_REPORT_INTERVAL=${LAB_REPORT_INTERVAL:-2}   # Cinder default: 10
LAB_DOWN_TIME=${LAB_DOWN_TIME:-6}               # Cinder default: 60
LAB_POLL_INTERVAL=${LAB_POLL_INTERVAL:-3}       # Cinder default: 60, minimum: 3
LAB_PERIODIC_INTERVAL=${LAB_PERIODIC_INTERVAL:-1}   # Cinder default: 60
LAB_TOKEN_SECONDS=${LAB_TOKEN_SECONDS:-3600}    # Keystone default: 3600
LAB_IMAGE_SERVICE=${LAB_IMAGE_SERVICE:-}        # the URL of a Glance; there is none in the lab

KEYSTONE=http://127.0.0.1:$LAB_KEYSTONE_PORT
CINDER=http://127.0.0.1:$LAB_CINDER_PORT
ETC=$LAB_DIR/etc LOG=$LAB_DIR/log RUN=$LAB_DIR/run DB=$LAB_DIR/db
export XDG_CACHE_HOME=$LAB_DIR/cache               # stevedore writes its entry point cache there
LAB_VENV=${LAB_VENV:-}
LAB_DB_PORT=${LAB_DB_PORT:-}
LAB_DB_URL=${LAB_DB_URL:-${LAB_DB_PORT:+mysql+pymysql://lab:lab@127.0.0.1:$LAB_DB_PORT}}
BIN=${LAB_VENV:-/usr}/bin
PY=$BIN/python3                                  # Debian's own, never a pyenv shim
PACKAGES="rabbitmq-server uwsgi-core uwsgi-plugin-python3"
[ -n "$LAB_VENV" ] || PACKAGES="keystone cinder-api cinder-scheduler cinder-volume cinder-backup $PACKAGES"
[ -z "$LAB_DB_PORT" ] || PACKAGES="mariadb-server $PACKAGES"

say() { printf '%s\n' "$*" >&2; }
die() { say "openstack lab: $*"; exit 1; }

# ---------------------------------------------------------------- packages
install_packages() {
  local missing=() p
  for p in $PACKAGES "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing: ${missing[*]}"
  [ "$(id -u)" = 0 ] || die "not root; install first: ${missing[*]}"
  local log rc=0 made_policy=
  log=$(mktemp)
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; made_policy=1
  fi
  # The packages' own defaults, stated: configure no database, register no endpoint.
  debconf-set-selections < "$HERE/debconf"
  # The package lists of a fresh machine may be missing or old: refresh them only if they are in the way.
  apt_install "${missing[@]}" >"$log" 2>&1 ||
    { apt-get -q -o DPkg::Lock::Timeout=300 update && apt_install "${missing[@]}"; } >>"$log" 2>&1 || rc=$?
  [ -z "$made_policy" ] || rm -f /usr/sbin/policy-rc.d
  [ "$rc" = 0 ] || { tail -20 "$log" >&2; die "apt-get failed ($rc); see $log"; }
  rm -f "$log"
}
apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" </dev/null
}

# ---------------------------------------------------------------- processes
# A unit is recorded as "PID STARTTIME" so that a recycled pid is never signalled.
starttime() { local s; s=$(cat "/proc/$1/stat" 2>/dev/null) || return 1; set -- ${s##*) }; echo "${20}"; }
unit_pid() { # prints the pid if the recorded process still lives
  local pid st now
  [ -r "$RUN/$1.pid" ] || return 1
  read -r pid st < "$RUN/$1.pid" || return 1
  now=$(starttime "$pid") || return 1
  [ "$now" = "$st" ] || return 1
  echo "$pid"
}
spawn() { # spawn UNIT CMD...: a session leader of its own, recorded
  local unit=$1; shift
  setsid env -C "$LAB_DIR" "$@" </dev/null >>"$LOG/$unit.log" 2>&1 9>&- &
  local pid=$! i st
  for i in 1 2 3 4 5 6 7 8 9 10; do st=$(starttime "$pid") && break; sleep 0.05; done
  [ -n "${st:-}" ] || die "$unit did not start; see $LOG/$unit.log"
  echo "$pid $st" > "$RUN/$unit.pid"
}
group_alive() { # any process left in session $1?
  local d s
  for d in /proc/[0-9]*; do
    s=$(cat "$d/stat" 2>/dev/null) || continue
    set -- "$1" ${s##*) }                # $2 state $3 ppid $4 pgrp $5 session
    if [ "$5" = "$1" ] && [ "$2" != Z ]; then return 0; fi
  done
  return 1
}
stop_units() { # stop_units SIGNAL UNIT...: signal the recorded leaders, then their own session if it lingers
  local sig=$1 unit pid i; shift
  local -A pids=()
  for unit in "$@"; do
    if pid=$(unit_pid "$unit"); then
      pids[$unit]=$pid
      kill -CONT -- "-$pid" 2>/dev/null || true
      if [ "$sig" = KILL ]; then kill -KILL -- "-$pid" 2>/dev/null || true
      else kill -"$sig" "$pid" 2>/dev/null || true; fi
    fi
  done
  for unit in "${!pids[@]}"; do
    pid=${pids[$unit]}
    for ((i = 0; i < 100; i++)); do group_alive "$pid" || break; sleep 0.1; done
    if group_alive "$pid"; then say "$unit lingers; SIGKILL to its process group"; kill -KILL -- "-$pid" 2>/dev/null || true; fi
  done
  for unit in "$@"; do rm -f "$RUN/$unit.pid"; done
}
units() {
  local b
  [ -z "$LAB_DB_PORT" ] || echo mariadb
  echo epmd; echo rabbitmq; echo keystone; echo cinder-api; echo cinder-scheduler; echo cinder-backup
  [ ! -e "$RUN/cinder-scheduler-b.pid" ] || echo cinder-scheduler-b
  for b in $LAB_BACKENDS; do [ -e "$ETC/cinder/volume-$b.conf" ] && echo "volume-$b"; done
  return 0
}
is_unit() { [ "$1" = cinder-scheduler-b ] || units | grep -x -- "$1" >/dev/null || die "no such unit: $1 (one of: $(units | tr '\n' ' '))"; }

start_unit() {
  local unit=$1 cinder=(--config-file "$ETC/cinder/cinder.conf")
  unit_pid "$unit" >/dev/null && return 0
  case $unit in
    epmd)
      spawn epmd env ERL_EPMD_ADDRESS=127.0.0.1 epmd -port "$LAB_EPMD_PORT" -address 127.0.0.1 ;;
    rabbitmq)
      start_unit epmd
      spawn rabbitmq env -i PATH="$PATH" HOME="$LAB_DIR/rabbitmq" LANG=C.UTF-8 RUNNING_UNDER_SYSTEMD=1 \
        ERL_EPMD_PORT="$LAB_EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1 \
        RABBITMQ_NODENAME=cinderlab@localhost RABBITMQ_CONFIG_FILE="$ETC/rabbitmq/rabbitmq.conf" \
        RABBITMQ_CONF_ENV_FILE="$ETC/rabbitmq/rabbitmq-env.conf" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$ETC/rabbitmq/enabled_plugins" \
        RABBITMQ_MNESIA_BASE="$LAB_DIR/rabbitmq/mnesia" RABBITMQ_LOG_BASE="$LOG/rabbitmq" RABBITMQ_LOGS=- \
        RABBITMQ_PID_FILE="$LAB_DIR/rabbitmq/pid" RABBITMQ_SCHEMA_DIR="$LAB_DIR/rabbitmq/schema" \
        RABBITMQ_GENERATED_CONFIG_DIR="$LAB_DIR/rabbitmq/config" RABBITMQ_DIST_PORT="$LAB_DIST_PORT" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}' \
        /usr/lib/rabbitmq/bin/rabbitmq-server ;;
    mariadb)
      spawn mariadb mariadbd --no-defaults --user=root --datadir="$LAB_DIR/mariadb" --socket="$RUN/mariadb.sock" \
        --bind-address=127.0.0.1 --port="$LAB_DB_PORT" --innodb-flush-log-at-trx-commit=0 --skip-log-bin --performance-schema=OFF ;;
    keystone)
      spawn keystone env OS_KEYSTONE_CONFIG_DIR="$ETC/keystone" \
        uwsgi --http-socket "127.0.0.1:$LAB_KEYSTONE_PORT" --ini "$ETC/keystone/uwsgi.ini" ;;
    cinder-api)
      spawn cinder-api env PYTHONPATH="$LAB_DIR/driver" \
        uwsgi --http-socket "127.0.0.1:$LAB_CINDER_PORT" --ini "$ETC/cinder/uwsgi.ini" --pyargv "${cinder[*]}" ;;
    cinder-scheduler) spawn cinder-scheduler "$PY" "$BIN"/cinder-scheduler "${cinder[@]}" ;;
    cinder-scheduler-b)
      printf '[DEFAULT]\nhost = lab-b\n' > "$ETC/cinder/scheduler-b.conf"
      spawn "$unit" "$PY" "$BIN"/cinder-scheduler "${cinder[@]}" --config-file "$ETC/cinder/scheduler-b.conf" ;;
    cinder-backup) spawn cinder-backup "$PY" "$BIN"/cinder-backup "${cinder[@]}" ;;
    volume-*)
      spawn "$unit" env PYTHONPATH="$LAB_DIR/driver" "$PY" "$BIN"/cinder-volume "${cinder[@]}" \
        --config-file "$ETC/cinder/$unit.conf" ;;
    *) die "no such unit: $unit" ;;
  esac
}

wait_port() { # wait_port PORT SECONDS UNIT
  local i
  for ((i = 0; i < $2 * 10; i++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
    unit_pid "$3" >/dev/null || { tail -15 "$LOG/$3.log" >&2; die "$3 died; see $LOG/$3.log"; }
    sleep 0.1
  done
  die "$3 does not listen on $1 after $2 s; see $LOG/$3.log"
}
port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# ---------------------------------------------------------------- configuration
write_settings() {
  local v
  for v in LAB_KEYSTONE_PORT LAB_CINDER_PORT LAB_AMQP_PORT LAB_DIST_PORT LAB_EPMD_PORT LAB_BACKENDS LAB_RPC_TIMEOUT LAB_RPC_THREADS \
    LAB_REPORT_INTERVAL LAB_DOWN_TIME LAB_POLL_INTERVAL LAB_PERIODIC_INTERVAL LAB_TOKEN_SECONDS LAB_IMAGE_SERVICE LAB_VENV LAB_DB_PORT LAB_DB_URL; do
    printf '%s=%q\n' "$v" "${!v}"
  done > "$LAB_DIR/settings"
}

db_url() { if [ -n "$LAB_DB_URL" ]; then echo "$LAB_DB_URL/$1?charset=utf8mb4"; else echo "sqlite:///$DB/$1.sqlite?timeout=60"; fi; }

write_config() {
  mkdir -p "$ETC/keystone" "$ETC/cinder" "$ETC/rabbitmq" "$LOG/rabbitmq" "$RUN" "$DB" "$LAB_DIR/driver" \
    "$LAB_DIR/backends" "$LAB_DIR/state" "$LAB_DIR/lock" "$LAB_DIR/backup" "$LAB_DIR/rabbitmq"
  chmod 700 "$LAB_DIR"
  cat > "$ETC/keystone/keystone.conf" <<E
[DEFAULT]
use_stderr = true
[database]
connection = $(db_url keystone)
[token]
provider = fernet
expiration = $LAB_TOKEN_SECONDS
[fernet_tokens]
key_repository = $LAB_DIR/keystone/fernet
[credential]
key_repository = $LAB_DIR/keystone/credential
[oslo_policy]
policy_file = $ETC/keystone/policy.yaml
E
  echo '{}' > "$ETC/keystone/policy.yaml"
  # Debian's own uwsgi settings, less user, log file and eight workers; for another release the same by hand.
  local ini n t
  for ini in keystone/keystone cinder/cinder-api; do
    case $ini in keystone/*) n=2 t=1 ;; *) n=1 t=8 ;; esac  # Keystone on sqlite dislikes threads
    if [ -n "$LAB_VENV" ]; then
      printf '%s\n' '[uwsgi]' 'plugins = python3' "virtualenv = $LAB_VENV" "module = ${ini%%/*}.wsgi.api:application" \
        'master = true' 'die-on-term = true' "processes = $n" "threads = $t" 'enable-threads = true' 'lazy-apps = true' 'thunder-lock = true' \
        'buffer-size = 65535' 'http-raw-body = true' 'wsgi-manage-chunked-input = true' 'add-header = Connection: close' \
        > "$ETC/${ini%%/*}/uwsgi.ini"
      continue
    fi
    sed -E -e 's/,apparmor$//' -e '/^(uid|gid|logto|chdir|chmod-socket|apparmor[a-z-]*)[[:space:]]*=/d' -e 's/^(processes)[[:space:]]*=.*/\1 = '$n/ \
      -e 's/^(threads)[[:space:]]*=.*/\1 = '$t/ "/etc/$ini-uwsgi.ini" > "$ETC/${ini%%/*}/uwsgi.ini"
  done
  cat > "$ETC/rabbitmq/rabbitmq.conf" <<E
listeners.tcp.1 = 127.0.0.1:$LAB_AMQP_PORT
log.console = true
log.console.level = warning
disk_free_limit.absolute = 50MB
E
  : > "$ETC/rabbitmq/rabbitmq-env.conf"
  echo '[].' > "$ETC/rabbitmq/enabled_plugins"
  # Who may do what: Cinder's defaults, and the least-privilege policy that the documentation advises.
  [ -e "$ETC/cinder/policy.yaml" ] || write_policy "$HERE/../../docs/least-privilege/cinder-policy.yaml"
  local paste=/usr/share/cinder-common/api-paste.ini
  [ -z "$LAB_VENV" ] || paste=$LAB_VENV/etc/cinder/api-paste.ini
  sed "s#^disable_by_file_path *=.*#disable_by_file_path = $ETC/cinder/healthcheck_disable#" "$paste" > "$ETC/cinder/api-paste.ini"
  cat > "$ETC/cinder/cinder.conf" <<E
[DEFAULT]
host = lab
my_ip = 127.0.0.1
auth_strategy = keystone
api_paste_config = $ETC/cinder/api-paste.ini
resource_query_filters_file = $LAB_VENV/etc/cinder/resource_filters.json
state_path = $LAB_DIR/state
transport_url = rabbit://guest:guest@127.0.0.1:$LAB_AMQP_PORT/
rpc_response_timeout = $LAB_RPC_TIMEOUT
executor_thread_pool_size = $LAB_RPC_THREADS
report_interval = $LAB_REPORT_INTERVAL
service_down_time = $LAB_DOWN_TIME
periodic_interval = $LAB_PERIODIC_INTERVAL
periodic_fuzzy_delay = 0
backend_stats_polling_interval = $LAB_POLL_INTERVAL
reinit_driver_count = 0
scheduler_driver_init_wait_time = 2
backup_driver = cinder.backup.drivers.posix.PosixBackupDriver
backup_posix_path = $LAB_DIR/backup
${LAB_IMAGE_SERVICE:+glance_api_servers = $LAB_IMAGE_SERVICE}
use_stderr = true
[database]
connection = $(db_url cinder)
sqlite_synchronous = false
[oslo_concurrency]
lock_path = $LAB_DIR/lock
[coordination]
backend_url = file://$LAB_DIR/state
[oslo_policy]
policy_file = $ETC/cinder/policy.yaml
# Its helper must be of the same release: it runs Cinder's own code.
[cinder_sys_admin]
helper_command = $BIN/privsep-helper --config-file $ETC/cinder/cinder.conf
[oslo_messaging_rabbit]
rabbit_retry_interval = 1
rabbit_interval_max = 2
[keystone_authtoken]
www_authenticate_uri = $KEYSTONE/v3
auth_url = $KEYSTONE/v3
auth_type = password
username = cinder
password = cinder-pw
user_domain_name = Default
project_name = service
project_domain_name = Default
token_cache_time = 10
# The word that the access rules of application credentials have for this API.
service_type = block-storage
E
  cat > "$LAB_DIR/driver/labdriver.py" <<'E'
"""A Cinder volume driver that reports whatever a JSON file says, read again at every poll.

Keys that start with "_" steer the driver itself:
  _fail_setup: TEXT   do_setup raises                _fail_stats: TEXT  get_volume_stats raises
  _sleep: SECONDS     get_volume_stats blocks (in a way that lets the report timer run), until the key is deleted at most
  _fail_OP: TEXT, _slow_OP: SECONDS   OP (create, clone, image, delete, snapshot, delete_snapshot, attach) raises, takes that long, until the key is deleted at most
  _clock_ahead: SECONDS  the clock of this cinder-volume: what it reports and its heartbeats
"""
import datetime
import json
import time

from oslo_config import cfg
from oslo_utils import timeutils

from cinder import exception
from cinder import interface
from cinder.volume import driver

try:
    from cinder.db import models
except ImportError:     # older releases
    from cinder.db.sqlalchemy import models

_true_utcnow = timeutils.utcnow
_ahead = datetime.timedelta(0)


def _utcnow(with_timezone=False):
    return _true_utcnow(with_timezone) + _ahead


_utcnow.override_time = None
timeutils.utcnow = _utcnow
# Heartbeats: the column took the function before this file was read.
models.Service.__table__.c.updated_at.onupdate.arg = lambda _context: _utcnow()

opts = [cfg.StrOpt('lab_stats_file', help='JSON file with what to report')]
cfg.CONF.register_opts(opts, group='lab')


@interface.volumedriver
class LabDriver(driver.VolumeDriver):
    VERSION = '1.0.0'
    _cached = None
    SUPPORTS_ACTIVE_ACTIVE = True     # only used where the configuration names a cluster

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.configuration.append_config_values(opts)

    def _file(self):
        with open(self.configuration.lab_stats_file) as f:
            return json.load(f)

    def do_setup(self, context):
        why = self._file().get('_fail_setup')
        if why:
            raise exception.VolumeBackendAPIException(data=why)

    def check_for_setup_error(self):
        pass

    def get_volume_stats(self, refresh=False):
        global _ahead
        said = self._file()
        _ahead = datetime.timedelta(seconds=said.get('_clock_ahead', 0))
        end = time.monotonic() + said.get('_sleep', 0)
        while time.monotonic() < end and self._file().get('_sleep'):
            time.sleep(0.5)
        # What was told first is told again, whatever has become of the array.
        if said.get('_caches') and self._cached:
            return dict(self._cached)
        if said.get('_fail_stats') and not said.get('_caches'):
            raise exception.VolumeBackendAPIException(data=said['_fail_stats'])
        stats = {'volume_backend_name': self.configuration.safe_get('volume_backend_name'),
                 'vendor_name': 'Lab', 'driver_version': self.VERSION, 'storage_protocol': 'iSCSI'}
        stats.update({k: v for k, v in said.items() if not k.startswith('_')})
        self._stats = stats
        self._cached = dict(stats) if said.get('_caches') else None
        return stats

    def _do(self, op):
        # For who waits until the driver has been called.
        with open(self.configuration.lab_stats_file + '.calls', 'a') as f:
            f.write(op + '\n')
        said = self._file()
        end = time.monotonic() + said.get('_slow_' + op, 0)
        while time.monotonic() < end and self._file().get('_slow_' + op):
            time.sleep(0.5)
        if said.get('_fail_' + op):
            raise exception.VolumeBackendAPIException(data=said['_fail_' + op])

    # Volumes exist in the database only.
    def create_volume(self, volume): self._do('create')
    def delete_volume(self, volume): self._do('delete')
    def extend_volume(self, volume, new_size): pass
    def create_snapshot(self, snapshot): self._do('snapshot')
    def delete_snapshot(self, snapshot): self._do('delete_snapshot')
    def create_volume_from_snapshot(self, volume, snapshot): self._do('clone')
    def create_cloned_volume(self, volume, src_vref): self._do('clone')
    def copy_image_to_volume(self, context, volume, image_service, image_id, **kwargs): self._do('image')
    def ensure_export(self, context, volume): pass
    def create_export(self, context, volume, connector): pass
    def remove_export(self, context, volume): pass
    def initialize_connection(self, volume, connector):
        self._do('attach')
        return {'driver_volume_type': 'iscsi', 'data': {}}
    def terminate_connection(self, volume, connector, **kwargs): pass

    # Replication (cheesecake): enough for failover-host, freeze and thaw.
    def failover_host(self, context, volumes, secondary_id=None, groups=None):
        return (secondary_id or 'second-site'), [], []
    def freeze_backend(self, context): return True
    def thaw_backend(self, context): return True
E
  local b
  for b in $LAB_BACKENDS; do [ -e "$LAB_DIR/removed-$b" ] || write_volume_config "$b"; done
}
write_policy() { cp -- "$1" "$ETC/cinder/policy.yaml.new"; mv -- "$ETC/cinder/policy.yaml.new" "$ETC/cinder/policy.yaml"; }
host_of() { case $1 in *-b) echo "lab-b@${1%-b}" ;; *) echo "lab@$1" ;; esac; }
write_volume_config() { # NAME-b is a second host that runs the backend NAME, in one cluster with the first
  local b=$1 name=${1%-b} host drv=labdriver.LabDriver
  host=$(host_of "$b")
  [ "$b" = silent ] && drv=cinder.tests.fake_driver.FakeLoggingVolumeDriver
  cat > "$ETC/cinder/volume-$b.conf" <<E
[DEFAULT]
host = ${host%@*}
enabled_backends = $name
$([ "$name" != clustered ] || echo "cluster = labcluster")
[$name]
volume_driver = $drv
volume_backend_name = $name
lab_stats_file = $LAB_DIR/backends/$b.json
$([ "$name" = clustered ] || echo "replication_device = backend_id:second-site")
E
  [ -e "$LAB_DIR/backends/$b.json" ] || default_stats "$name" > "$LAB_DIR/backends/$b.json"
}
default_stats() {
  case $1 in
    pools) cat <<'E' ;;
{
  "backend_state": "up",
  "pools": [
    {"pool_name": "fast", "backend_state": "up", "total_capacity_gb": 1000, "free_capacity_gb": 250.5, "provisioned_capacity_gb": 1500, "reserved_percentage": 10, "max_over_subscription_ratio": "2.0", "thin_provisioning_support": true, "thick_provisioning_support": false},
    {"pool_name": "slow", "backend_state": "up", "total_capacity_gb": 5000, "free_capacity_gb": 0, "provisioned_capacity_gb": 5000, "reserved_percentage": 0, "thick_provisioning_support": true},
    {"pool_name": "cold tier/ä", "total_capacity_gb": 20000.0, "free_capacity_gb": 19999.99, "reserved_percentage": 0}
  ]
}
E
    silent) echo '{"_note": "not read: this backend runs cinder.tests.fake_driver.FakeLoggingVolumeDriver"}' ;;
    unknown) cat <<'E' ;;
{
  "pools": [
    {"pool_name": "inf", "total_capacity_gb": "infinite", "free_capacity_gb": "infinite", "reserved_percentage": 0},
    {"pool_name": "unk", "total_capacity_gb": "unknown", "free_capacity_gb": "unknown", "reserved_percentage": 0},
    {"pool_name": "none", "reserved_percentage": 0}
  ]
}
E
    broken) echo '{"_fail_setup": "lab: the array does not answer", "backend_state": "up", "total_capacity_gb": 10, "free_capacity_gb": 10, "reserved_percentage": 0}' ;;
    *) echo '{"backend_state": "up", "total_capacity_gb": 100, "free_capacity_gb": 40, "provisioned_capacity_gb": 60, "allocated_capacity_gb": 0, "reserved_percentage": 5, "replication_enabled": true}' ;;
  esac
}

# ---------------------------------------------------------------- bootstrap
bootstrap_databases() {
  [ -e "$DB/ready" ] && return 0
  rm -f "$DB"/*.sqlite*
  if [ -n "$LAB_DB_PORT" ]; then
    rm -rf "$LAB_DIR/mariadb"
    mariadb-install-db --no-defaults --user=root --datadir="$LAB_DIR/mariadb" --auth-root-authentication-method=normal \
      --skip-test-db > "$LOG/mariadb-install.log" 2>&1 || die "mariadb-install-db failed; see $LOG/mariadb-install.log"
    start_unit mariadb
    wait_port "$LAB_DB_PORT" 60 mariadb
    mariadb --no-defaults --user=root --socket="$RUN/mariadb.sock" -e "create user lab@'%' identified by 'lab';
      create database keystone character set utf8mb4; grant all on keystone.* to lab@'%';
      create database cinder character set utf8mb4; grant all on cinder.* to lab@'%';"
  fi
  mkdir -p "$LAB_DIR/keystone"
  chmod 700 "$LAB_DIR/keystone"
  # One interpreter for all of keystone-manage: importing Keystone costs more than any of these steps.
  "$PY" - "$ETC/keystone" "$KEYSTONE" > "$LOG/keystone-manage.log" 2>&1 <<'E' &
import os, sys
etc, url = sys.argv[1:3]
from keystone.cmd import manage
steps = [['fernet_setup', '--keystone-user', 'root', '--keystone-group', 'root'],
         ['credential_setup', '--keystone-user', 'root', '--keystone-group', 'root'],
         ['db_sync'],
         ['bootstrap', '--bootstrap-username', 'admin', '--bootstrap-password', 'admin-pw',
          '--bootstrap-project-name', 'admin', '--bootstrap-role-name', 'admin',
          '--bootstrap-service-name', 'keystone', '--bootstrap-region-id', 'RegionOne',
          '--bootstrap-admin-url', url + '/v3', '--bootstrap-public-url', url + '/v3',
          '--bootstrap-internal-url', url + '/v3']]
for step in steps:
    pid = os.fork()
    if pid == 0:
        sys.argv = ['keystone-manage', '--config-file', etc + '/keystone.conf'] + step
        sys.exit(manage.main() or 0)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        sys.exit('keystone-manage %s failed' % step[0])
E
  local k=$!
  "$PY" "$BIN"/cinder-manage --config-file "$ETC/cinder/cinder.conf" db sync > "$LOG/cinder-manage.log" 2>&1 &
  local c=$!
  wait "$k" || { tail -20 "$LOG/keystone-manage.log" >&2; die "keystone-manage failed"; }
  wait "$c" || { tail -20 "$LOG/cinder-manage.log" >&2; die "cinder-manage db sync failed"; }
  # Several processes write Cinder's file: readers must not block the writer.
  [ -n "$LAB_DB_URL" ] || "$PY" -c 'import sqlite3,sys
for f in sys.argv[1:]: sqlite3.connect(f).execute("pragma journal_mode=wal")' "$DB/cinder.sqlite" "$DB/keystone.sqlite"
  touch "$DB/ready"
}

bootstrap_identities() {
  [ -e "$DB/identities" ] && return 0
  "$PY" - "$KEYSTONE/v3" "$CINDER" "$LAB_DIR" <<'E'
import json, sys, urllib.error, urllib.request
ks, cinder, lab = sys.argv[1:4]

def call(method, path, body=None, token=None):
    req = urllib.request.Request(ks + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                 headers={'Content-Type': 'application/json', **({'X-Auth-Token': token} if token else {})})
    try:
        with urllib.request.urlopen(req) as r:
            raw = r.read()
            return (json.loads(raw) if raw else None), r.headers
    except urllib.error.HTTPError as e:
        sys.exit('%s %s: %s %s' % (method, path, e.code, e.read().decode()))

def login(user, pw, scope):
    body = {'auth': {'identity': {'methods': ['password'], 'password': {'user': {
        'name': user, 'domain': {'name': 'Default'}, 'password': pw}}}, 'scope': scope}}
    r, h = call('POST', '/auth/tokens', body)
    return h['X-Subject-Token'], r['token']

tok, who = login('admin', 'admin-pw', {'project': {'name': 'admin', 'domain': {'name': 'Default'}}})
def api(method, path, body=None): return call(method, path, body, tok)[0]
def ensure(kind, plural, query, body):
    found = api('GET', '/%s?%s' % (plural, query))[plural]
    return found[0] if found else api('POST', '/' + plural, {kind: body})[kind]

role = {r['name']: r['id'] for r in api('GET', '/roles')['roles']}
for name in ('service', 'monitor'):
    if name not in role:
        role[name] = api('POST', '/roles', {'role': {'name': name}})['role']['id']
prj = {n: ensure('project', 'projects', 'name=' + n, {'name': n, 'domain_id': 'default'})['id'] for n in ('service', 'demo')}
prj['admin'] = who['project']['id']
usr = {'admin': who['user']['id']}
for n in ('cinder', 'member', 'reader', 'monitor', 'watcher'):
    usr[n] = ensure('user', 'users', 'name=' + n, {'name': n, 'domain_id': 'default', 'password': n + '-pw'})['id']
for user, r, project in (('cinder', 'admin', 'service'), ('cinder', 'service', 'service'), ('member', 'member', 'demo'),
                         ('reader', 'reader', 'demo'), ('monitor', 'monitor', 'service'),
                         ('watcher', 'monitor', 'service'), ('watcher', 'reader', 'service')):
    api('PUT', '/projects/%s/users/%s/roles/%s' % (prj[project], usr[user], role[r]))
for user, r in (('admin', 'admin'), ('reader', 'reader')):      # keystone-manage bootstrap did the first already
    api('PUT', '/system/users/%s/roles/%s' % (usr[user], role[r]))
# The same API twice in the catalogue: the official type without, the old type with the project in the URL.
for stype, name, url in (('block-storage', 'cinder', cinder + '/v3'), ('volumev3', 'cinderv3', cinder + '/v3/%(project_id)s')):
    sid = ensure('service', 'services', 'type=' + stype, {'type': stype, 'name': name})['id']
    have = {e['interface'] for e in api('GET', '/endpoints?service_id=' + sid)['endpoints']}
    for i in ('public', 'internal', 'admin'):
        if i not in have:
            api('POST', '/endpoints', {'endpoint': {'interface': i, 'region_id': 'RegionOne', 'service_id': sid, 'url': url}})
path = '/users/%s/application_credentials' % usr['admin']
cred = [c for c in api('GET', path)['application_credentials'] if c['name'] == 'lab']
cred = cred[0] if cred else api('POST', path, {'application_credential': {
    'name': 'lab', 'secret': 'lab-appcred-secret', 'roles': [{'name': 'admin'}]}})['application_credential']
with open(lab + '/ids.json', 'w') as f:
    json.dump({'projects': prj, 'users': usr, 'roles': role, 'appcred': cred['id']}, f, indent=1)
E
  touch "$DB/identities"
}
id_of() { "$PY" -c 'import json,sys
d=json.load(open(sys.argv[1]+"/ids.json"))
for k in sys.argv[2:]: d=d[k]
print(d)' "$LAB_DIR" "$@"; }

# ---------------------------------------------------------------- using it
env_lines() {
  local who=${1:-admin}
  [ -e "$LAB_DIR/ids.json" ] || die "not up"
  local all="OS_AUTH_URL=$KEYSTONE/v3 OS_IDENTITY_API_VERSION=3 OS_REGION_NAME=RegionOne OS_INTERFACE=public OS_VOLUME_API_VERSION=3"
  local dom="OS_USER_DOMAIN_NAME=Default" pdom="OS_PROJECT_DOMAIN_NAME=Default"
  case $who in
    admin) all+=" OS_AUTH_TYPE=password OS_USERNAME=admin OS_PASSWORD=admin-pw $dom OS_PROJECT_NAME=admin $pdom" ;;
    member|reader) all+=" OS_AUTH_TYPE=password OS_USERNAME=$who OS_PASSWORD=$who-pw $dom OS_PROJECT_NAME=demo $pdom" ;;
    monitor|watcher) all+=" OS_AUTH_TYPE=password OS_USERNAME=$who OS_PASSWORD=$who-pw $dom OS_PROJECT_NAME=service $pdom" ;;
    system) all+=" OS_AUTH_TYPE=password OS_USERNAME=admin OS_PASSWORD=admin-pw $dom OS_SYSTEM_SCOPE=all" ;;
    system-reader) all+=" OS_AUTH_TYPE=password OS_USERNAME=reader OS_PASSWORD=reader-pw $dom OS_SYSTEM_SCOPE=all" ;;
    appcred) all+=" OS_AUTH_TYPE=v3applicationcredential OS_APPLICATION_CREDENTIAL_ID=$(id_of appcred) OS_APPLICATION_CREDENTIAL_SECRET=lab-appcred-secret" ;;
    *) die "who is $who?" ;;
  esac
  local v; for v in $all; do echo "export $v"; done
}
auth_body() {
  local who=${1:-admin} user pw scope
  case $who in
    appcred) printf '{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"%s","secret":"lab-appcred-secret"}}}}' "$(id_of appcred)"; return ;;
    system) user=admin scope='{"system":{"all":true}}' ;;
    system-reader) user=reader scope='{"system":{"all":true}}' ;;
    admin) user=admin scope='{"project":{"name":"admin","domain":{"name":"Default"}}}' ;;
    member|reader) user=$who scope='{"project":{"name":"demo","domain":{"name":"Default"}}}' ;;
    monitor|watcher) user=$who scope='{"project":{"name":"service","domain":{"name":"Default"}}}' ;;
    *) die "who is $who?" ;;
  esac
  pw=$user-pw
  printf '{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"%s","domain":{"name":"Default"},"password":"%s"}}},"scope":%s}}' "$user" "$pw" "$scope"
}
token() {
  local t
  t=$(curl -sS -o /dev/null -D - -H 'Content-Type: application/json' -d "$(auth_body "${1:-admin}")" "$KEYSTONE/v3/auth/tokens" |
    tr -d '\r' | sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: //p')
  [ -n "$t" ] || die "Keystone gave no token for ${1:-admin}"
  echo "$t"
}
wait_ready() {
  local deadline=${1:-120}
  "$PY" - "$CINDER/v3" "$0" "$deadline" "$LAB_BACKENDS" "$LAB_DIR" <<'E'
import json, os, subprocess, sys, time, urllib.error, urllib.request
url, me, seconds, backends, lab = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4].split(), sys.argv[5]
login = lambda: subprocess.run(['bash', me, 'token'], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
tok = login()
backends = [b for b in backends if not os.path.exists(lab + '/removed-' + b)]
host = lambda b: 'lab-b@' + b[:-2] if b.endswith('-b') else 'lab@' + b
pool = lambda b: 'labcluster@clustered' if b.startswith('clustered') else host(b)
def fails(b):
    return bool(json.load(open('%s/backends/%s.json' % (lab, b))).get('_fail_setup'))
end, why = time.monotonic() + seconds, None
def get(path):
    req = urllib.request.Request(url + path, headers={'X-Auth-Token': tok, 'OpenStack-API-Version': 'volume 3.0'})
    return json.load(urllib.request.urlopen(req, timeout=10))
while time.monotonic() < end:
    try:
        up = {(s['binary'], s['host']) for s in get('/os-services')['services'] if s['state'] == 'up'}
        want = {('cinder-scheduler', 'lab'), ('cinder-backup', 'lab')} | {('cinder-volume', host(b)) for b in backends if not fails(b)}
        why = want - up
        if not why:
            pools = {p['name'].split('#')[0] for p in get('/scheduler-stats/get_pools')['pools']}
            why = {pool(b) for b in backends if not fails(b)} - pools
            if not why:
                sys.exit(0)
    except OSError as e:
        why = e
        if isinstance(e, urllib.error.HTTPError) and e.code == 401:
            tok = login()
    time.sleep(0.3)
sys.exit('not ready after %g s: %s' % (seconds, why))
E
}

up() {
  local p pair
  mkdir -p "$LAB_DIR"
  exec 9> "$LAB_DIR/.lock"; flock -w 600 9 || die "another up or down is under way"
  install_packages
  write_settings
  write_config
  for pair in epmd:$LAB_EPMD_PORT rabbitmq:$LAB_AMQP_PORT rabbitmq:$LAB_DIST_PORT ${LAB_DB_PORT:+mariadb:$LAB_DB_PORT} keystone:$LAB_KEYSTONE_PORT cinder-api:$LAB_CINDER_PORT; do
    p=${pair%%:*}
    unit_pid "$p" >/dev/null || port_free "${pair#*:}" || die "port ${pair#*:} (for $p) is taken; choose another (LAB_*_PORT)"
  done
  start_unit rabbitmq
  bootstrap_databases
  start_unit keystone
  start_unit cinder-api
  wait_port "$LAB_AMQP_PORT" 60 rabbitmq
  for p in $(units); do start_unit "$p"; done
  wait_port "$LAB_KEYSTONE_PORT" 60 keystone
  bootstrap_identities
  wait_port "$LAB_CINDER_PORT" 60 cinder-api
  wait_ready 180 || { say "logs: $LOG"; exit 1; }
  say "up: Keystone $KEYSTONE/v3, Cinder $CINDER/v3, backends: $LAB_BACKENDS (state in $LAB_DIR)"
}
down() {
  [ -d "$LAB_DIR" ] || { say "nothing there"; return 0; }
  [ -e "$LAB_DIR/settings" ] || [ -d "$RUN" ] || [ -e "$LAB_DIR/.lock" ] || die "$LAB_DIR is not one of ours"
  exec 9> "$LAB_DIR/.lock"; flock -w 600 9 || die "another up or down is under way"
  if [ -d "$RUN" ]; then
    local f all=()
    for f in "$RUN"/*.pid; do [ -e "$f" ] || continue; f=${f##*/}; f=${f%.pid}; case $f in rabbitmq|epmd|mariadb) ;; *) all+=("$f") ;; esac; done
    stop_units TERM "${all[@]+"${all[@]}"}"
    stop_units TERM rabbitmq
    stop_units TERM epmd mariadb
  fi
  if [ "${1:-}" = --keep ]; then say "down (state kept in $LAB_DIR)"; else rm -rf -- "$LAB_DIR"; say "down"; fi
}
status() {
  local u pid rc=0
  [ -d "$RUN" ] || { echo "down"; return 1; }
  for u in $(units); do
    if pid=$(unit_pid "$u"); then printf '%-18s up    pid %s\n' "$u" "$pid"; else printf '%-18s down\n' "$u"; rc=1; fi
  done
  return $rc
}
backend() {
  local f=$LAB_DIR/backends/$1.json
  [ -e "$f" ] || die "no such backend: $1"
  [ $# -gt 1 ] || { cat "$f"; return; }
  "$PY" - "$f" "$2" <<'E'
import json, os, sys
f, patch = sys.argv[1], json.loads(sys.argv[2])
d = json.load(open(f)); d.update(patch)
d = {k: v for k, v in d.items() if v is not None}
with open(f + '.new', 'w') as o: json.dump(d, o, indent=2); o.write('\n')
os.rename(f + '.new', f)
E
}
tools() { # for a PATH on which an operator's commands mean this lab
  local tool
  printf '#!/bin/sh\nexec %q %q --config-file %q "$@"\n' "$PY" "$BIN/cinder-manage" "$ETC/cinder/cinder.conf" > "$1/cinder-manage"
  for tool in rabbitmqctl rabbitmq-diagnostics; do
    printf '#!/bin/sh\nexec env -i PATH="$PATH" HOME=%q LANG=C.UTF-8 ERL_EPMD_PORT=%q RABBITMQ_NODENAME=cinderlab@localhost RABBITMQ_CONF_ENV_FILE=%q /usr/lib/rabbitmq/bin/%s "$@"\n' \
      "$LAB_DIR/rabbitmq" "$LAB_EPMD_PORT" "$ETC/rabbitmq/rabbitmq-env.conf" "$tool" > "$1/$tool"
  done
  chmod 755 "$1"/*
}
cmd=${1:-}; [ $# -eq 0 ] || shift
case $cmd in
  install) install_packages "$@" ;;
  up) up ;;
  down) down "$@" ;;
  status) status ;;
  env) env_lines "$@" ;;
  token) token "$@" ;;
  backend) [ $# -ge 1 ] || die "backend NAME [JSON]"; backend "$@" ;;
  start) for u in "$@"; do is_unit "$u"; start_unit "$u"; done ;;
  stop) for u in "$@"; do is_unit "$u"; done; stop_units TERM "$@" ;;
  kill) for u in "$@"; do is_unit "$u"; done; stop_units KILL "$@" ;;
  restart) for u in "$@"; do is_unit "$u"; done; stop_units TERM "$@"; for u in "$@"; do start_unit "$u"; done ;;
  pause|resume)
    for u in "$@"; do
      is_unit "$u"; p=$(unit_pid "$u") || die "$u is not running"
      kill -"$([ "$cmd" = pause ] && echo STOP || echo CONT)" -- "-$p"
    done ;;
  wait) wait_ready "${1:-120}" ;;
  remove)
    is_unit "volume-$1"; stop_units TERM "volume-$1"; rm -f "$ETC/cinder/volume-$1.conf"; touch "$LAB_DIR/removed-$1"
    "$PY" "$BIN"/cinder-manage --config-file "$ETC/cinder/cinder.conf" service remove cinder-volume "$(host_of "$1")" 2>/dev/null ;;
  forget) "$PY" "$BIN"/cinder-manage --config-file "$ETC/cinder/cinder.conf" service remove "$1" "$2" 2>/dev/null ;;
  restore) rm -f "$LAB_DIR/removed-$1"; write_volume_config "$1"; is_unit "volume-$1"; start_unit "volume-$1" ;;
  policy) write_policy "$1" ;;
  tools) tools "$1" ;;
  sql) "$PY" -c 'import sys, sqlalchemy
with sqlalchemy.create_engine(sys.argv[1]).begin() as c: c.execute(sqlalchemy.text(sys.argv[2]))' "$(db_url cinder)" "$1" ;;
  manage) exec "$PY" "$BIN"/cinder-manage --config-file "$ETC/cinder/cinder.conf" "$@" ;;
  *) sed -n '2,/^set -/p' "$0" | sed -n 's/^# \{0,1\}//p'; [ -n "$cmd" ] && exit 2 || exit 0 ;;
esac
