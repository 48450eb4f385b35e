/** The folder of the shipped alerts, which lies beside `src` and `dist` alike. */
export const ALERTS_FOLDER = new URL('../alerts/', import.meta.url);
