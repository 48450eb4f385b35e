import { html, type SafeHtml } from '@remix-run/html-template';
import type { Pool, Service } from '../cinder/model.ts';
import { bar } from './bar.ts';
import { fillOf, fullestFirst } from './fill.ts';
import { age, name } from './parts.ts';
import { bytesText, numberText, percentText } from './quantity.ts';

/** Pools that are drawn; a backend with more is known by its fullest. */
const MAX_POOLS = 500;

/** The service rows behind a backend. */
export function servicesPart(services: readonly Service[], nowMs: number): SafeHtml {
  return html`<section>
    <h2 id="services">Services</h2>
    <div class="wide" tabindex="0" role="region" aria-labelledby="services">
      <table>
        <caption class="unseen">
          Service rows of cinder-volume
        </caption>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Heartbeat, last change</th>
            <th scope="col">Status</th>
            <th scope="col">backend_state</th>
            <th scope="col">Zone</th>
            <th scope="col">Cluster</th>
            <th scope="col">Replication</th>
          </tr>
        </thead>
        <tbody>
          ${services.map(
            (service) =>
              html`<tr>
                <th scope="row">${name(service.host)}</th>
                <td>
                  ${word(service.up, 'up', 'down')}${service.updatedAtMs === undefined ? '' : html`, ${age(service.updatedAtMs, nowMs)} ago`}
                </td>
                <td>${status(service)}</td>
                <td>${listed(service)}</td>
                <td>${name(service.zone)}</td>
                <td>${service.cluster === undefined ? '–' : name(service.cluster)}</td>
                <td>${replication(service)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function status({ enabled, frozen, disabledReason }: Service): SafeHtml {
  return html`${word(enabled, 'enabled', 'disabled')}${frozen ? ', frozen' : ''}${disabledReason === undefined ? '' : html`: “${name(disabledReason)}”`}`;
}

function listed({ backendState }: Service): SafeHtml {
  return backendState === undefined
    ? html`<span class="quiet">not told</span>`
    : html`<code>${backendState ?? 'null'}</code>`;
}

function replication({ replicationStatus, activeBackendId }: Service): SafeHtml {
  if (replicationStatus === undefined) return html`–`;
  return html`${name(replicationStatus)}${activeBackendId === undefined ? '' : html`, active: ${name(activeBackendId)}`}`;
}

/** The pools with all that their driver tells of capacity. */
export function poolsPart(pools: readonly Pool[], nowMs: number): SafeHtml {
  if (pools.length === 0)
    return html`<section>
      <h2 id="pools">Pools</h2>
      <p class="empty">The scheduler holds no driver stats for this backend.</p>
    </section>`;
  const more = pools.length - MAX_POOLS;
  return html`<section>
    <h2 id="pools">Pools</h2>
    <div class="wide" tabindex="0" role="region" aria-labelledby="pools">
      <table class="pool-table">
        <caption class="unseen">
          Pools, fullest first
        </caption>
        <thead>
          <tr>
            <th scope="col">Pool</th>
            <th scope="col">backend_state</th>
            <th scope="col">Used</th>
            <th scope="col">Total</th>
            <th scope="col">Free</th>
            <th scope="col">Allocated</th>
            <th scope="col">Provisioned</th>
            <th scope="col">Scheduler's free</th>
            <th scope="col">Reserved</th>
            <th scope="col">Stats</th>
            <th scope="col">Driver</th>
          </tr>
        </thead>
        <tbody>
          ${fullestFirst(pools)
            .slice(0, MAX_POOLS)
            .map((pool) => poolRow(pool, nowMs))}
        </tbody>
      </table>
    </div>
    ${more > 0 ? html`<p class="quiet">and ${numberText(more)} more, less full; the JSON has all of them</p>` : ''}
  </section>`;
}

function poolRow(pool: Pool, nowMs: number): SafeHtml {
  const ratio = pool.maxOverSubscriptionRatio;
  const driver = [pool.vendorName, pool.storageProtocol, pool.driverVersion].filter((part) => part !== '');
  return html`<tr data-key="${pool.pool}">
    <th scope="row">${name(pool.pool)}</th>
    <td>
      ${pool.backendState === undefined ? html`<span class="quiet">not told</span>` : html`<code>${pool.backendState}</code>`}
    </td>
    <td class="fills">${bar(pool)}<span class="quiet fill">${fillOf(pool).words}</span></td>
    <td>${bytesText(pool.totalBytes)}</td>
    <td>${bytesText(pool.freeBytes)}</td>
    <td>${bytesText(pool.allocatedBytes)}</td>
    <td>
      ${bytesText(pool.provisionedBytes)}${pool.thinProvisioning && ratio !== undefined ? html`<span class="quiet">, up to ×${ratio}</span>` : ''}
    </td>
    <td>${bytesText(pool.virtualFreeBytes)}</td>
    <td>${pool.reservedRatio === undefined ? '–' : percentText(pool.reservedRatio)}</td>
    <td>${pool.statsAtMs === undefined ? '–' : html`${age(pool.statsAtMs, nowMs)} ago`}</td>
    <td>${driver.length === 0 ? '–' : name(driver.join(' '))}</td>
  </tr>`;
}

function word(value: boolean | undefined, yes: string, no: string): string {
  return value === undefined ? 'not told' : value ? yes : no;
}
