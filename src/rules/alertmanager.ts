import { isNode, isPair, isScalar, parseDocument, visit } from 'yaml';
import { scaled } from './duration.ts';

/** The waits of a route. */
const WAITS = ['group_wait', 'group_interval', 'repeat_interval'];

/**
 * A configuration of Alertmanager such as the shipped example, with the waits of its routes times `factor` and every webhook at
 * `urlOf(receiver)`, and nothing else changed: for a demo or a test, beside rules with the same `--scale`.
 */
export function hastened(config: string, factor: number, urlOf: (receiver: string) => string): string {
  const document = parseDocument(config);
  visit(document, {
    Pair(_, pair) {
      if (!isScalar(pair.key) || !isScalar(pair.value)) return;
      if (WAITS.includes(String(pair.key.value))) pair.value.value = scaled(String(pair.value.value), factor);
    },
  });
  const receivers = document.get('receivers', true);
  if (!isNode(receivers)) return document.toString();
  visit(receivers, {
    Map(_, receiver) {
      const name = receiver.get('name');
      if (typeof name !== 'string') return;
      visit(receiver, {
        Pair(_, { key, value }, path) {
          const within = path.some(
            (node) => isPair(node) && isScalar(node.key) && node.key.value === 'webhook_configs',
          );
          if (within && isScalar(key) && key.value === 'url' && isScalar(value)) value.value = urlOf(name);
        },
      });
      return visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
