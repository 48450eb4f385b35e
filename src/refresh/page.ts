import type { Registry } from 'prom-client';
import type { Format } from '../metrics/exposition.ts';
import { finish, type OpenPages, type Packed } from '../metrics/page.ts';
import { renderRegistry } from '../metrics/registry.ts';

/** Serves whole pages: the cloud's, as its last refresh left it, and after it the exporter's own metrics. */
export interface PageSource {
  readonly page: (format: Format) => Promise<Packed>;
}

/** The exporter's own metrics may be this old. A scrape in between copies bytes. */
const OWN_MAX_AGE_MS = 1000;

export function createPageSource(
  pages: () => OpenPages | undefined,
  registries: readonly Registry[],
  now = (): number => performance.now(),
): PageSource {
  const cached: Partial<
    Record<Format, { readonly at: number; readonly of: OpenPages | undefined; readonly page: Promise<Packed> }>
  > = {};

  async function render(of: OpenPages | undefined, format: Format): Promise<Packed> {
    const own = await Promise.all(registries.map((registry) => renderRegistry(registry, format)));
    return finish(of, own.join(''), format);
  }

  return {
    page(format) {
      const of = pages();
      const old = cached[format];
      if (old && old.of === of && now() - old.at < OWN_MAX_AGE_MS) return old.page;
      const page = render(of, format);
      cached[format] = { at: now(), of, page };
      return page;
    },
  };
}
