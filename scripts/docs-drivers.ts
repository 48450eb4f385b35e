import { type Driver, DRIVERS, type Outage, OUTAGE_WORDS } from '../src/cinder/drivers.ts';
import { generate } from './generated.ts';

const [{ release } = { release: '' }] = DRIVERS;

function row({ product, vendor, protocols, source }: Driver): string {
  return `| ${product} | ${vendor} | ${protocols.join(', ')} | \`${source}\` |`;
}

function section(outage: Outage): string {
  const rows = DRIVERS.filter((driver) => driver.outage === outage).map(row);
  return `## \`${outage}\`\n\n${OUTAGE_WORDS[outage]}.\n\n| driver | vendor | protocol | source |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

const page = `# What a driver shows when its array does not answer

Generated from \`src/cinder/drivers.ts\` by \`npm run docs\`; do not edit.

Read in Cinder ${release}; a source is a line below \`cinder/volume/drivers/\`. A backend is known by what \`get_pools\` shows of it: vendor, protocol, and where a vendor has several
drivers, version. The status page says it of each backend, and \`array_outage\` of \`/api/v1/backends\` has the words below. A driver that is not here, or that looks
like another which does something else, is not known: \`null\`.

A row is a product, which may have several drivers (classes). Counted as classes (August 2026), Cinder has 103: 7 say down, 81 stop, 8 go on without a capacity, 7 never ask.
Two of the 7, by ProphetStor, are not in the table: their vendor is what the array says.

This is about the management of the array alone. No driver tells of a broken data path (a fabric, iSCSI portals, a LUN that cannot be made).

${(Object.keys(OUTAGE_WORDS) as Outage[]).map(section).join('\n')}`;

generate('docs/drivers.md', page, 'the table');
