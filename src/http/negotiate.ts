import type { Format } from '../metrics/exposition.ts';

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
};

interface Offer {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly q: number;
}

/** Parses an Accept or Accept-Encoding header (RFC 9110, 12.4). Hostile lengths are cut: nobody offers more than a few dozen. */
function parseOffers(header: string): Offer[] {
  return header
    .slice(0, 4096)
    .split(',')
    .map((part) => {
      const [type = '', ...rest] = part.split(';').map((piece) => piece.trim());
      const parameters = new Map(rest.map((piece) => splitParameter(piece)));
      const q = Number(parameters.get('q') ?? 1);
      return { type: type.toLowerCase(), parameters, q: q >= 0 && q <= 1 ? q : 0 };
    })
    .filter((offer) => offer.type !== '');
}

function splitParameter(piece: string): [string, string] {
  const equals = piece.indexOf('=');
  if (equals === -1) return [piece.toLowerCase(), ''];
  return [
    piece.slice(0, equals).trim().toLowerCase(),
    piece
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  ];
}

/**
 * OpenMetrics 1.0.0 when it is wanted at least as much as text, else text 0.0.4, which is also the answer to everything unknown:
 * no Prometheus may be left without a page.
 */
export function negotiateFormat(accept: string | undefined): Format {
  const offers = parseOffers(accept ?? '');
  const openmetrics = bestQuality(offers, isOpenMetrics);
  const text = bestQuality(offers, isText);
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}

function isOpenMetrics({ type, parameters }: Offer): boolean {
  const version = parameters.get('version');
  return type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0');
}

function isText({ type, parameters }: Offer): boolean {
  const version = parameters.get('version');
  return (type === 'text/plain' && (version === undefined || version === '0.0.4')) || type === 'text/*';
}

function bestQuality(offers: readonly Offer[], fits: (offer: Offer) => boolean): number {
  return Math.max(0, ...offers.filter(fits).map((offer) => offer.q));
}

/** gzip when the header asks for it, by name or by `*`, and not with q=0. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const offers = parseOffers(acceptEncoding ?? '');
  const named = offers.find((offer) => offer.type === 'gzip' || offer.type === 'x-gzip');
  const q = (named ?? offers.find((offer) => offer.type === '*'))?.q ?? 0;
  return q > 0;
}
