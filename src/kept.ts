/** What is held of all clouds together, in bytes: 100 backends need 1 MB, and 1,000 nearly all of it. */
const MAX_HELD_BYTES = 12 * 1024 * 1024;

let heldBytes = 0;

/** Of a cloud that is gone. */
const gone = new FinalizationRegistry<{ readonly bytes: number }>(({ bytes }) => {
  heldBytes -= bytes;
});

/** What was made of the last answer, so that it need not be made again: held while there is room, else as long as nobody needs the memory. */
export interface Kept<T> {
  readonly value: () => T | undefined;
  /** Instead of what was kept before; about so many bytes. */
  readonly keep: (value: T, bytes: number) => void;
  readonly forget: () => void;
}

/** Nothing is kept yet. Garbage is collected every few minutes even where hardly anything is done, and takes what is not held. */
export function createKept<T extends object>(): Kept<T> {
  const account = { bytes: 0 };
  let held: T | undefined;
  let weak: WeakRef<T> | undefined;
  const forget = (): void => {
    heldBytes -= account.bytes;
    account.bytes = 0;
    held = undefined;
    weak = undefined;
  };
  const kept: Kept<T> = {
    forget,
    value: () => held ?? weak?.deref(),
    keep(value, bytes) {
      forget();
      if (heldBytes + bytes > MAX_HELD_BYTES) {
        weak = new WeakRef(value);
        return;
      }
      held = value;
      heldBytes += bytes;
      account.bytes = bytes;
    },
  };
  gone.register(kept, account);
  return kept;
}
