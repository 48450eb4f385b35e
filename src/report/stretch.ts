/** A stretch of time, in milliseconds since the epoch; the end does not belong to it. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A stretch in which something was so. */
export type Marked<Value> = Stretch & { readonly value: Value };

/** Sorted, and one where two touch or overlap, or lie not more than `slackMs` apart. */
export function joined(stretches: readonly Stretch[], slackMs = 0): readonly Stretch[] {
  const result: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (toMs <= fromMs) continue;
    const last = result.at(-1);
    if (last && fromMs <= last.toMs + slackMs) last.toMs = Math.max(last.toMs, toMs);
    else result.push({ fromMs, toMs });
  }
  return result;
}

/** What of `stretches` lies within `range`. */
export function clipped<One extends Stretch>(stretches: readonly One[], range: Stretch): readonly One[] {
  return stretches.flatMap((one) => {
    const fromMs = Math.max(one.fromMs, range.fromMs);
    const toMs = Math.min(one.toMs, range.toMs);
    return fromMs < toMs ? [{ ...one, fromMs, toMs }] : [];
  });
}

export function totalMs(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

/**
 * Goes through time once. `choose` says what holds while these values are active, each with how many stretches have it now; undefined: nothing.
 * What it chooses must not change while the counts do not.
 */
export function folded<In, Out>(
  stretches: readonly Marked<In>[],
  choose: (active: ReadonlyMap<In, number>) => Out | undefined,
): readonly Marked<Out>[] {
  const edges = stretches
    .filter(({ fromMs, toMs }) => fromMs < toMs)
    .flatMap(({ fromMs, toMs, value }) => [
      { atMs: fromMs, value, change: 1 },
      { atMs: toMs, value, change: -1 },
    ])
    .toSorted((a, b) => a.atMs - b.atMs);
  const active = new Map<In, number>();
  const result: { fromMs: number; toMs: number; value: Out }[] = [];
  for (const [index, { atMs, value, change }] of edges.entries()) {
    const count = (active.get(value) ?? 0) + change;
    if (count === 0) active.delete(value);
    else active.set(value, count);
    const toMs = edges[index + 1]?.atMs;
    if (toMs === undefined || toMs === atMs) continue;
    const chosen = choose(active);
    if (chosen === undefined) continue;
    const last = result.at(-1);
    if (last?.value === chosen && last.toMs === atMs) last.toMs = toMs;
    else result.push({ fromMs: atMs, toMs, value: chosen });
  }
  return result;
}
