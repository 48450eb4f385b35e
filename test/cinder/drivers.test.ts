import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DRIVERS, type Outage, outageOf } from '../../src/cinder/drivers.ts';
import { judge, pool, service } from '../support/samples.ts';

/** What each driver of Cinder 29.0.0 puts into its stats, in its own writing: product, vendor, version, protocols. Written from the drivers, not from the table. */
const PUBLISHED: readonly (readonly [Outage, string, string, string, string, number?])[] = [
  ['says_down', 'Hitachi VSP', 'Hitachi', '2.7.2', 'FC iSCSI'],
  ['says_down', 'HPE XP', 'Hewlett Packard Enterprise', '1.0.0', 'FC iSCSI'],
  ['says_down', 'NEC V', 'NEC', '1.0.0', 'FC iSCSI'],
  ['says_down', 'IBM XIV', 'IBM', 'IBM Storage (v2.3.0)', 'iscsi'],
  ['no_capacity', 'SolidFire', 'SolidFire Inc', '2.2.5', 'iSCSI', 0],
  ['no_capacity', 'NEC M', 'NEC', '1.11.1', 'FC iSCSI', 0],
  ['no_capacity', 'Intel RSD', 'Intel', '1.0.0', 'nvmeof'],
  ['no_capacity', 'Kioxia KumoScale', 'KIOXIA', '1.0.0', 'NVMeOF'],
  ['no_capacity', 'IBM GPFS', 'IBM', '1.3.1', 'file'],
  ['no_capacity', 'Quobyte', 'Open Source', '1.2.1', 'quobyte'],
  ['never_asks', 'VMware, without vmware_enable_volume_stats', 'VMware', '3.4.4', 'vmdk vstorageobject'],
  ['never_asks', 'LightOS', 'LightOS Storage', '2.3.12', 'lightos'],
  ['never_asks', 'Fungible', 'Fungible Inc.', '1.0.0', 'NVMe-TCP'],
  ['never_asks', 'NexentaStor 4 NFS', 'Nexenta', '1.3.1', 'NFS', 5],
  ['stats_stop', 'VMware, with vmware_enable_volume_stats', 'VMware', '3.4.4', 'vmdk vstorageobject', 5],
  ['stats_stop', 'Ceph RBD', 'Open Source', '1.3.0', 'ceph'],
  ['stats_stop', 'LVM', 'Open Source', '3.0.0', 'iSCSI iSER NVMe-oF NVMe-TCP'],
  ['stats_stop', 'NFS', 'Open Source', '1.4.0', 'nfs'],
  ['stats_stop', 'SPDK', 'Open Source', '1.0.0', 'NVMe-oF'],
  ['stats_stop', 'Virtuozzo Storage', 'Virtuozzo', '1.1', 'vzstorage'],
  ['stats_stop', 'Veritas CNFS', 'Veritas', '1.0.3', 'nfs'],
  ['stats_stop', 'NetApp ONTAP', 'NetApp', '4.0.0', 'nfs FC iSCSI'],
  ['stats_stop', 'NetApp ONTAP', 'NetApp', '1.0.0', 'NVMe'],
  ['stats_stop', 'Pure Storage', 'Pure Storage', '23.0.iscsi', 'iSCSI FC NVMe-RoCE NVMe-TCP'],
  ['stats_stop', 'Dell PowerMax, whose Unisphere does not answer', 'Dell EMC', '4.5.2', 'FC iSCSI NVMe-TCP'],
  ['stats_stop', 'Dell PowerFlex', 'Dell EMC', '4.0.0', 'scaleio NVMe-TCP'],
  ['stats_stop', 'Dell PowerStore', 'Dell EMC', '1.2.4', 'FC iSCSI NVMe'],
  ['stats_stop', 'Dell PowerStore NFS', 'Dell', '1.0.0', 'nfs'],
  ['stats_stop', 'Dell Unity', 'Dell EMC', '07.02.00', 'FC iSCSI'],
  ['stats_stop', 'Dell VNX', 'Dell EMC', '14.00.01', 'fc iscsi'],
  ['stats_stop', 'Dell XtremIO', 'Dell EMC', '1.0.13', 'FC iSCSI'],
  ['stats_stop', 'Dell SC, whose DSM does not answer', 'Dell EMC', '4.1.2', 'FC iSCSI'],
  ['stats_stop', 'Dell PowerVault ME', 'PVME', '2.0', 'FC iSCSI'],
  ['stats_stop', 'Seagate', 'Seagate', '2.0', 'FC iSCSI'],
  ['stats_stop', 'Lenovo', 'Lenovo', '2.0', 'FC iSCSI'],
  ['stats_stop', 'HP MSA', 'HPMSA', '2.0', 'FC iSCSI'],
  ['stats_stop', 'HPE 3PAR', 'Hewlett Packard Enterprise', '4.0.8', 'FC'],
  ['stats_stop', 'HPE 3PAR', 'Hewlett Packard Enterprise', '4.0.10', 'iSCSI'],
  ['stats_stop', 'HPE Alletra MP', 'Hewlett Packard Enterprise', '1.0', 'FC iSCSI NVMe-TCP'],
  ['stats_stop', 'HPE Nimble', 'Nimble', '4.3.0', 'FC iSCSI'],
  ['stats_stop', 'Huawei', 'Huawei', '2.0.9', 'FC iSCSI'],
  ['stats_stop', 'Huawei FusionStorage', 'Huawei', '2.0.9', 'SCSI'],
  ['stats_stop', 'IBM Storwize, SVC, FlashSystem', 'IBM', '2.2.6', 'FC'],
  ['stats_stop', 'IBM Storwize, SVC, FlashSystem', 'IBM', '2.2.5', 'iSCSI'],
  ['stats_stop', 'IBM DS8000', 'IBM', 'IBM Storage (v2.3.0)', 'fibre_channel_eckd'],
  ['stats_stop', 'Infinidat InfiniBox', 'INFINIDAT', '1.15', 'FC iSCSI'],
  ['stats_stop', 'Infortrend', 'Infortrend', '2.1.4', 'FC iSCSI'],
  ['stats_stop', 'StorPool', 'StorPool', '2.1.0', 'storpool'],
  ['stats_stop', 'Zadara VPSA', 'Zadara Storage', '20.12-24', 'iSCSI iSER'],
  ['stats_stop', 'LINSTOR', 'LINBIT', '1.0.1', 'DRBD iSCSI'],
  ['stats_stop', 'Fujitsu ETERNUS DX', 'FUJITSU', '1.4.8', 'FC iSCSI'],
  ['stats_stop', 'DDN VMstore', 'DDN', '3.0.3', 'NFS'],
  ['stats_stop', 'NexentaStor 4 iSCSI', 'Nexenta', '1.3.1', 'iSCSI'],
  ['stats_stop', 'NexentaStor 5 NFS', 'Nexenta', '1.8.3', 'NFS'],
  ['stats_stop', 'NexentaStor 5 iSCSI', 'Nexenta', '1.4.3', 'iSCSI'],
  ['stats_stop', 'Kaminario', 'Kaminario', '1.4', 'FC iSCSI'],
  ['stats_stop', 'MacroSAN', 'MacroSAN', '1.0.1', 'FC iSCSI'],
  ['stats_stop', 'QNAP', 'QNAP', '1.2.005', 'iSCSI FC'],
  ['stats_stop', 'Open-E JovianDSS', 'Open-E', '1.0.3', 'iSCSI'],
];

function seen(vendorName: string, driverVersion: string, storageProtocol: string, totalBytes?: number) {
  return pool('h@b#p', { vendorName, driverVersion, storageProtocol, totalBytes });
}

test('what each driver publishes leads to its row of the table', () => {
  for (const [outage, product, vendor, version, protocols, totalBytes] of PUBLISHED)
    for (const protocol of protocols.split(' '))
      assert.equal(outageOf([seen(vendor, version, protocol, totalBytes)]), outage, `${product}, ${protocol}`);
  const products = new Set(PUBLISHED.map(([, product]) => product));
  const untried = DRIVERS.filter(({ product }) => !products.has(product)).map(({ product }) => product);
  assert.deepEqual(untried, ['IBM GPFS NFS'], 'looks like GPFSRemote, which does something else');
});

test('drivers that look alike and do different things are unknown, and so is a driver that is not in the table', () => {
  const unknown = [
    seen('IBM', '1.0', 'file'),
    seen('IBM', 'IBM Storage (v2.3.0)', 'fibre_channel'),
    seen('Hewlett Packard Enterprise', '9.9', 'FC'),
    seen('VMware', '3.4.4', 'iSCSI'),
    seen('Federator', '2.0.5', 'iSCSI'),
    seen('', '', ''),
    seen('constructor', '', ''),
  ];
  for (const one of unknown) assert.equal(outageOf([one]), undefined, JSON.stringify(one));
  assert.equal(outageOf([]), undefined);
  assert.equal(outageOf([seen('Fungible Inc.', '', 'NVMe-TCP'), seen('NetApp', '', 'FC')]), undefined);
});

test('every row of the table names a line that was read', () => {
  const lines = new URL('../fixtures/driver-lines.json', import.meta.url);
  const read = new Set(Object.keys(JSON.parse(readFileSync(lines, 'utf8')) as object));
  assert.deepEqual(new Set(DRIVERS.map(({ source }) => source)), read);
});

test('of a driver that never asks its array the reason says so', () => {
  const [backend] = judge([service('h@b')], { pools: [seen('Fungible Inc.', '1.0.0', 'NVMe-TCP')] });
  assert.equal(backend?.condition, 'up_assumed');
  assert.equal(
    backend.reason,
    'its driver never says whether it is up: Cinder assumes so. It never asks its array: only a canary can tell',
  );
});
