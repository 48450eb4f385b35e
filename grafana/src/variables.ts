import {
  ConstantVariableBuilder,
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { RUNBOOKS_URL } from '../../src/cinder/conditions.ts';
import { DATASOURCE } from './targets.ts';

/** The data source; `DATASOURCE` refers to it. */
export function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
}

/** A choice among the values of a label. `definition` is Grafana's `label_values(...)`. */
function labelVariable(name: string, label: string, definition: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .definition(definition)
    .query({ query: definition, refId: `variable-${name}`, qryType: 5 })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc);
}

/** Several values, or "All", which matches what `allValue` matches: `.*` also series without the label. */
export function manyOf(name: string, label: string, definition: string, allValue: '.+' | '.*'): QueryVariableBuilder {
  return labelVariable(name, label, definition)
    .multi(true)
    .includeAll(true)
    .allValue(allValue)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

/** Exactly one value. */
export function oneOf(name: string, label: string, definition: string): QueryVariableBuilder {
  return labelVariable(name, label, definition).multi(false).includeAll(false);
}

/** The scrape job, and the cloud when the scrape configuration adds such a label. `metric` has a series for every target. */
export function targetVariables(metric: string): QueryVariableBuilder[] {
  return [
    manyOf('job', 'Job', `label_values(${metric}, job)`, '.+'),
    manyOf('cloud', 'Cloud', `label_values(cinder_up{job=~"$job"}, cloud)`, '.*'),
  ];
}

/** One of these values, or of texts that stand for them. */
export function choice(
  name: string,
  label: string,
  values: readonly (string | readonly [text: string, value: string])[],
  chosen: string,
): CustomVariableBuilder {
  const options = values.map((one) => (typeof one === 'string' ? ([one, one] as const) : one));
  const text = options.find(([, value]) => value === chosen)?.[0] ?? chosen;
  return new CustomVariableBuilder(name)
    .label(label)
    .values(options.map(([text, value]) => (text === value ? value : `${text} : ${value}`)).join(','))
    .options(options.map(([text, value]) => ({ text, value, selected: value === chosen })))
    .current({ selected: true, text, value: chosen })
    .multi(false)
    .includeAll(false);
}

/** Where the runbooks are, as the setting `runbook_url` of the rules; `runbookLink` refers to it. */
export function runbookVariable(): ConstantVariableBuilder {
  return new ConstantVariableBuilder('runbook_url').label('Runbooks').value(RUNBOOKS_URL);
}

/** The name of a recorded series as a hidden variable; empty where the rules do not record it. */
export function recordedVariable(name: string, metric: string): QueryVariableBuilder {
  return oneOf(name, 'Recorded', `label_values(${metric}{job=~"$job", cloud=~"$cloud"}, __name__)`)
    .hide(VariableHide.HideVariable)
    .current({ selected: false, text: '', value: '' });
}
