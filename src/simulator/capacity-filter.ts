import type { Json, JsonObject } from './definition.ts';
import { Fault, MALFORMED } from './fault.ts';

/**
 * Cinder's CapacityFilter as `get_pools?volume_type=` runs it: without a size. A pool with a number for its capacity is then
 * compared with None, and that exception comes back as a 400 for the whole request.
 */
export function hasCapacity(capabilities: JsonObject): boolean {
  const { free_capacity_gb: free = 0, total_capacity_gb: total = 0, reserved_percentage: reserved = 0 } = capabilities;
  if (free === null) return false;
  if (isOpen(free)) return true;
  if (isOpen(total)) return Number(reserved) === 0;
  if (Number(total) <= 0) return false;
  throw new Fault(400, MALFORMED);
}

function isOpen(capacity: Json): boolean {
  return capacity === 'infinite' || capacity === 'unknown';
}
