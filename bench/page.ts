/** The value of the first sample of a family on a page. */
export function valueOf(page: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(page)?.[1]);
}

/** Samples on a page. */
export function seriesOn(page: string): number {
  return page.match(/^[^#\n]/gm)?.length ?? 0;
}
