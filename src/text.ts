/**
 * What nobody sees and a terminal, a browser or a log reader obeys: control characters (C0, DEL, C1), line separators, marks and overrides of the
 * direction of writing, characters without width. Source: Unicode, General_Category Cc, Zl, Zp and Cf, and Annex 9, 2.
 */
// oxlint-disable-next-line no-control-regex -- these are what is taken out
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** Text from elsewhere with each control character as its escape, `\u202e`; or with each run of them as another text. */
export function withoutControls(text: string, instead?: string): string {
  return text.replace(CONTROLS, (run) => instead ?? Array.from(run, escapeOf).join(''));
}

/** JSON in which each control character is an escape: the same value to who parses it, harmless on a terminal. `indent`: spaces for each level, on several lines. */
export function visibleJson(value: unknown, indent?: number): string {
  const lines = JSON.stringify(value, undefined, indent).split('\n');
  return lines.map((line) => withoutControls(line)).join('\n');
}

/** JSON's escape, so that what `JSON.stringify` leaves as it is can be escaped afterwards. */
function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The beginning of a text, as a text of its own: a slice would keep the whole in memory for as long as it lives. */
export function beginning(text: string, length: number): string {
  return text.length <= length ? text : Buffer.from(text.slice(0, length)).toString();
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB'] as const;

/** Bytes for people: `1.5 TiB`, three digits at most after rounding; `infinite`; `not told`. */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return 'not told';
  if (!Number.isFinite(bytes)) return bytes > 0 ? 'infinite' : '-infinite';
  const size = Math.abs(bytes);
  const power = size < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(size) / Math.log(1024) + 1e-9));
  const value = bytes / 1024 ** power;
  const text = Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${UNITS[power]}`;
}
