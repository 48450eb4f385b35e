/** Roles that Cinder's policy.yaml lets read, each rule on its own. */
export interface Policy {
  /** `volume_extension:services:index` */
  readonly services: readonly string[];
  /** `scheduler_extension:scheduler_stats:get_pools` */
  readonly pools: readonly string[];
  /** `context_is_admin`: without it the database layer refuses, whatever the two rules say. */
  readonly contextIsAdmin: readonly string[];
  /** `volume_extension:access_types_extra_specs`: without it a type is listed without `extra_specs`. */
  readonly extraSpecs: readonly string[];
  /** `volume_extension:types_extra_specs:read_sensitive`: without it only those are left that everybody may see. */
  readonly allExtraSpecs: readonly string[];
}

/** Cinder's defaults, and a role `monitor` that was given the two rules but no admin context: it is still refused. */
export const DEFAULT_POLICY: Policy = {
  services: ['admin', 'monitor'],
  pools: ['admin', 'monitor'],
  contextIsAdmin: ['admin'],
  extraSpecs: ['admin', 'reader'],
  allExtraSpecs: ['admin'],
};

/** The policy that lets the role `monitor` read. */
export const MONITOR_POLICY: Policy = { ...DEFAULT_POLICY, contextIsAdmin: ['admin', 'monitor'] };

/** Does one of the roles satisfy the rule? */
export function allows(rule: readonly string[], roles: readonly string[]): boolean {
  return roles.some((role) => rule.includes(role));
}
