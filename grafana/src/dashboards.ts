import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { availabilityDashboard } from './availability.ts';
import { backendDashboard } from './backend.ts';
import { backendsDashboard } from './backends.ts';
import { canaryDashboard } from './canary.ts';
import { exporterDashboard } from './exporter.ts';

/** All dashboards, anew at each call: the builders of the SDK hand out what they keep. */
export function dashboards(): Dashboard[] {
  return [backendsDashboard(), backendDashboard(), exporterDashboard(), availabilityDashboard(), canaryDashboard()];
}
