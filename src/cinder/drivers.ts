import { withProtocolVariants } from './capabilities-filter.ts';
import { groupBy } from './evidence.ts';
import type { Pool } from './model.ts';

/**
 * What a driver shows when the management of its array does not answer it. That is all that is meant: of a broken data path
 * (a fabric, portals, a LUN that cannot be made) no driver tells.
 */
export type Outage = 'says_down' | 'stats_stop' | 'no_capacity' | 'never_asks';

/** A driver by what `get_pools` shows of it. */
type Row = readonly [
  product: string,
  /** `vendor_name`, word for word. */
  vendor: string,
  /** `storage_protocol`, one or several, in the form that the API shows since Cinder 20. */
  protocols: string,
  /** The line that decides it, below `cinder/volume/drivers/`. */
  source: `${string}.py:${number}`,
  /** `driver_version`, where a vendor has drivers that differ. */
  version?: RegExp,
  /** Whether the capacity is a number, where that tells two settings of one driver apart. */
  capacity?: 'told' | 'untold',
];

/** The release of Cinder in which every line of the table was read: the package `cinder` of PyPI. Cinder 21 does the same, as far as the driver was there. */
const RELEASE = '29.0.0';

const ANY = /^/;

/**
 * Only what was read in the source. Not in it, and so unknown: ProphetStor, whose vendor is what its array says; Datera and YADRO Tatlin, which publish
 * their old stats again after some failures and none after others; and drivers that nobody has read with this question.
 */
const TABLE: Readonly<Record<Outage, readonly Row[]>> = {
  says_down: [
    ['Hitachi VSP', 'Hitachi', 'FC iSCSI', 'hitachi/hbsd_rest.py:1176'],
    ['HPE XP', 'Hewlett Packard Enterprise', 'FC iSCSI', 'hitachi/hbsd_rest.py:1176', /^1\.0\.0$/],
    ['NEC V', 'NEC', 'FC iSCSI', 'hitachi/hbsd_rest.py:1176', /^1\.0\./],
    ['IBM XIV', 'IBM', 'FC iSCSI', 'ibm/ibm_storage/xiv_proxy.py:1653', /^IBM Storage/],
  ],
  no_capacity: [
    ['SolidFire', 'SolidFire Inc', 'iSCSI', 'solidfire.py:2163'],
    ['NEC M', 'NEC', 'FC iSCSI', 'nec/volume_helper.py:1456', /^1\.\d\d\./],
    ['Intel RSD', 'Intel', 'NVMe-oF', 'rsd.py:382'],
    ['Kioxia KumoScale', 'KIOXIA', 'NVMe-oF', 'kioxia/kumoscale.py:421'],
    ['IBM GPFS', 'IBM', 'file', 'ibm/gpfs.py:1121', /^1\.[03]/],
    ['Quobyte', 'Open Source', 'quobyte', 'quobyte.py:689'],
  ],
  never_asks: [
    [
      'VMware, without vmware_enable_volume_stats',
      'VMware',
      'vmdk vstorageobject',
      'vmware/vmdk.py:341',
      ANY,
      'untold',
    ],
    ['LightOS', 'LightOS Storage', 'lightos', 'lightos.py:1326'],
    ['Fungible', 'Fungible Inc.', 'NVMe-TCP', 'fungible/driver.py:1144'],
    ['NexentaStor 4 NFS', 'Nexenta', 'NFS', 'nexenta/nfs.py:809', /^1\.3\./],
  ],
  stats_stop: [
    ['VMware, with vmware_enable_volume_stats', 'VMware', 'vmdk vstorageobject', 'vmware/vmdk.py:339', ANY, 'told'],
    ['Ceph RBD', 'Open Source', 'ceph', 'rbd.py:761'],
    ['LVM', 'Open Source', 'iSCSI iSER NVMe-oF NVMe-TCP', 'lvm.py:242'],
    ['NFS', 'Open Source', 'NFS', 'nfs.py:392'],
    ['SPDK', 'Open Source', 'NVMe-oF', 'spdk.py:99'],
    ['Virtuozzo Storage', 'Virtuozzo', 'vzstorage', 'remotefs.py:659'],
    ['Veritas CNFS', 'Veritas', 'NFS', 'remotefs.py:659'],
    ['NetApp ONTAP', 'NetApp', 'NFS', 'netapp/dataontap/nfs_cmode.py:433'],
    ['NetApp ONTAP', 'NetApp', 'FC iSCSI', 'netapp/dataontap/block_cmode.py:779'],
    ['NetApp ONTAP', 'NetApp', 'NVMe-oF NVMe', 'netapp/dataontap/nvme_library.py:608'],
    ['Pure Storage', 'Pure Storage', 'FC iSCSI NVMe-RoCE NVMe-TCP', 'pure.py:1562'],
    [
      'Dell PowerMax, whose Unisphere does not answer',
      'Dell EMC',
      'FC iSCSI NVMe-TCP',
      'dell_emc/powermax/rest.py:326',
    ],
    ['Dell PowerFlex', 'Dell EMC', 'scaleio NVMe-TCP', 'dell_emc/powerflex/driver.py:1236'],
    ['Dell PowerStore', 'Dell EMC', 'FC iSCSI NVMe', 'dell_emc/powerstore/adapter.py:360'],
    ['Dell PowerStore NFS', 'Dell', 'NFS', 'nfs.py:392'],
    ['Dell Unity', 'Dell EMC', 'FC iSCSI', 'dell_emc/unity/adapter.py:347'],
    ['Dell VNX', 'Dell EMC', 'FC iSCSI', 'dell_emc/vnx/adapter.py:686'],
    ['Dell XtremIO', 'Dell EMC', 'FC iSCSI', 'dell_emc/xtremio.py:634'],
    ['Dell SC, whose DSM does not answer', 'Dell EMC', 'FC iSCSI', 'dell_emc/sc/storagecenter_common.py:713'],
    ['Dell PowerVault ME', 'PVME', 'FC iSCSI', 'stx/common.py:303'],
    ['Seagate', 'Seagate', 'FC iSCSI', 'stx/common.py:303'],
    ['Lenovo', 'Lenovo', 'FC iSCSI', 'stx/common.py:303'],
    ['HP MSA', 'HPMSA', 'FC iSCSI', 'stx/common.py:303'],
    ['HPE 3PAR', 'Hewlett Packard Enterprise', 'FC iSCSI', 'hpe/hpe_3par_common.py:1730', /^4\./],
    ['HPE Alletra MP', 'Hewlett Packard Enterprise', 'FC iSCSI NVMe-TCP', 'hpe/alletramp_service.py:509', /^1\.\d$/],
    ['HPE Nimble', 'Nimble', 'FC iSCSI', 'hpe/nimble.py:409'],
    ['Huawei', 'Huawei', 'FC iSCSI', 'huawei/rest_client.py:1214'],
    ['Huawei FusionStorage', 'Huawei', 'SCSI', 'fusionstorage/dsware.py:195'],
    ['IBM Storwize, SVC, FlashSystem', 'IBM', 'FC iSCSI', 'ibm/storwize_svc/storwize_svc_common.py:7304', /^2\./],
    ['IBM DS8000', 'IBM', 'FC fibre_channel_eckd', 'ibm/ibm_storage/ds8k_proxy.py:466', /^IBM Storage/],
    ['IBM GPFS NFS', 'IBM', 'file', 'nfs.py:392', /^1\.0/],
    ['Infinidat InfiniBox', 'INFINIDAT', 'FC iSCSI', 'infinidat.py:600'],
    ['Infortrend', 'Infortrend', 'FC iSCSI', 'infortrend/raidcmd_cli/common_cli.py:1445'],
    ['StorPool', 'StorPool', 'storpool', 'storpool.py:326'],
    ['Zadara VPSA', 'Zadara Storage', 'iSCSI iSER', 'zadara/zadara.py:716'],
    ['LINSTOR', 'LINBIT', 'DRBD iSCSI', 'linstordrv.py:496'],
    ['Fujitsu ETERNUS DX', 'FUJITSU', 'FC iSCSI', 'fujitsu/eternus_dx/eternus_dx_common.py:1180'],
    ['DDN VMstore', 'DDN', 'NFS', 'vmstore/nfs.py:847'],
    ['NexentaStor 4 iSCSI', 'Nexenta', 'iSCSI', 'nexenta/iscsi.py:650', /^1\.3\./],
    ['NexentaStor 5 NFS', 'Nexenta', 'NFS', 'nexenta/ns5/nfs.py:826', /^1\.[4-9]\./],
    ['NexentaStor 5 iSCSI', 'Nexenta', 'iSCSI', 'nexenta/ns5/iscsi.py:365', /^1\.[4-9]\./],
    ['Kaminario', 'Kaminario', 'FC iSCSI', 'kaminario/kaminario_common.py:807'],
    ['MacroSAN', 'MacroSAN', 'FC iSCSI', 'macrosan/driver.py:716'],
    ['QNAP', 'QNAP', 'iSCSI FC', 'qnap.py:675'],
    ['Open-E JovianDSS', 'Open-E', 'iSCSI', 'open_e/iscsi.py:394'],
  ],
};

/** A driver, and what it does in an outage. */
export interface Driver {
  readonly product: string;
  readonly vendor: string;
  readonly protocols: readonly string[];
  readonly outage: Outage;
  readonly release: string;
  readonly source: string;
  readonly version: RegExp;
  readonly capacity: 'told' | 'untold' | undefined;
}

export const DRIVERS: readonly Driver[] = (Object.keys(TABLE) as Outage[]).flatMap((outage) =>
  TABLE[outage].map(([product, vendor, protocols, source, version = ANY, capacity]) => ({
    product,
    vendor,
    protocols: protocols.split(' '),
    outage,
    release: RELEASE,
    source,
    version,
    capacity,
  })),
);

const BY_VENDOR: ReadonlyMap<string, readonly Driver[]> = groupBy(DRIVERS, ({ vendor }) => vendor);

/** What the driver of these pools does in an outage of its array. undefined: the driver is unknown, or drivers that look the same do different things. */
export function outageOf(pools: readonly Pool[]): Outage | undefined {
  return theOne(pools.map(outageOfPool));
}

function outageOfPool({ vendorName, storageProtocol, driverVersion, totalBytes }: Pool): Outage | undefined {
  const shown = shownProtocol(storageProtocol);
  const told = totalBytes === undefined ? 'untold' : 'told';
  const fitting = (BY_VENDOR.get(vendorName) ?? []).filter(
    ({ protocols, version, capacity = told }) =>
      protocols.includes(shown) && version.test(driverVersion) && capacity === told,
  );
  return theOne(fitting.map(({ outage }) => outage));
}

function theOne<T>(values: readonly T[]): T | undefined {
  const [first, ...others] = new Set(values);
  return others.length === 0 ? first : undefined;
}

/** Before Cinder 20 the API shows a driver's own way to write it. */
function shownProtocol(said: string): string {
  const { storage_protocol: shown } = withProtocolVariants<Record<string, unknown>>({ storage_protocol: said });
  return Array.isArray(shown) ? String(shown[0]) : said;
}

/** In one sentence for people, without a full stop. */
export const OUTAGE_WORDS: Readonly<Record<Outage, string>> = {
  says_down: 'When its array does not answer, this driver says down',
  stats_stop: 'When its array does not answer, the stats of this driver stop: then it is stale',
  no_capacity: 'When its array does not answer, this driver goes on with a capacity of 0, or none',
  never_asks: 'This driver never asks its array: only a canary can tell',
};

/** Of a driver that is not in the table. */
export const OUTAGE_UNKNOWN = 'What this driver does when its array does not answer is not known';
