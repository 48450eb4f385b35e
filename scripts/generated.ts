import { readFileSync, writeFileSync } from 'node:fs';

/** Writes a page that is made from `source`; with `--check` only says whether the file, a path from the top, differs, and exits 1 then. */
export function generate(file: string, page: string, source: string): void {
  const url = new URL(`../${file}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    writeFileSync(url, page);
  } else if (readFileSync(url, 'utf8') !== page) {
    process.stderr.write(`${file} differs from ${source}: run npm run docs\n`);
    process.exitCode = 1;
  }
}
