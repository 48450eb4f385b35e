/** Major versions of Cinder that the lab can run: 21 (Zed) is Debian 12's, 29 (2026.2) is the newest, with Keystone 30. */
export type Release = 21 | 29;

/** The release that `LAB_RELEASE` asks for. @default 21 */
export function labRelease(): Release {
  const asked = process.env['LAB_RELEASE'] || '21';
  if (asked === '21' || asked === '29') return Number(asked) as Release;
  throw new Error(`LAB_RELEASE is ${asked}: expected 21 or 29`);
}
