/** The fleet at a glance, and one device: what the command line shows, for a browser. Changes nothing. */
import type { CampaignBrief } from '../../fleet/campaigns/report.ts'
import type { FleetEvent } from '../../fleet/events/types.ts'
import type { Operation } from '../../fleet/operations/types.ts'
import type { DeviceStatus, DeviceWithStatus } from '../../fleet/registry/types.ts'
import type { Instant } from '../../base/time.ts'
import { jsonOf } from '../present.ts'
import { html, type Html } from './html.ts'
import { ago } from './moments.ts'

interface Overview {
  readonly counted: readonly DeviceWithStatus[]
  /** There are more than were counted. */
  readonly hasMore: boolean
  readonly listed: readonly DeviceWithStatus[]
  /** That of all that are listed, where one was asked for. */
  readonly status: DeviceStatus | undefined
  readonly prefix: string
  readonly campaigns: readonly CampaignBrief[]
  readonly events: readonly FleetEvent[]
}

/** Rows of the table of devices: at a glance, and where some were asked for. */
const devicesAtAGlance = 20
export const devicesListed = 200

const colours: Readonly<Record<DeviceStatus, string>> = {
  awake: 'green',
  asleep: 'blue',
  overdue: 'amber',
  offline: 'red',
  quarantined: 'amber',
  'never-seen': 'grey',
  retired: 'grey',
}

export function overviewPage(overview: Overview, now: Instant): Html {
  return html`${devicesSection(overview, now)}${campaignsSection(overview.campaigns)}${eventsSection(overview.events, now)}`
}

function devicesSection({ counted, hasMore, listed, status, prefix }: Overview, now: Instant): Html {
  const counts = new Map<DeviceStatus, number>()
  for (const device of counted) counts.set(device.status, (counts.get(device.status) ?? 0) + 1)
  const isGlance = status === undefined && prefix === ''
  const rows = listed.slice(0, isGlance ? devicesAtAGlance : devicesListed)
  const left = listed.length - rows.length
  return html`<section>
    <h2>Devices</h2>
    <div class="tiles">
      ${[...counts]
        .sort(([, a], [, b]) => b - a)
        .map(
          ([each, count]) =>
            html`<a class="${colours[each]}" href="/?status=${each}&prefix=${encodeURIComponent(prefix)}"
              ><b>${count}</b>${each}</a
            >`,
        )}
    </div>
    <form action="/">
      <input name="prefix" value="${prefix}" placeholder="endpoint names that begin with …" aria-label="prefix" />
      <button>Find</button>
      ${isGlance ? undefined : html`<a href="/">all</a>`}
    </form>
    ${
      counted.length === 0
        ? html`<p class="faint">None. Try one: <code>npx coapstan device --endpoint urn:dev:demo-1</code></p>`
        : html`<table>
            <tr>
              <th>Endpoint</th>
              <th>Status</th>
              <th>Product</th>
              <th>Version</th>
              <th>Last seen</th>
              <th>Tags</th>
            </tr>
            ${rows.map((device) => deviceRow(device, now))}
          </table>`
    }
    ${left > 0 ? html`<p class="faint">and ${left} more; coapstan devices shows all</p>` : undefined}
    ${hasMore ? html`<p class="faint">Counted are the first ${counted.length} by name: find others by what they begin with.</p>` : undefined}
  </section>`
}

function deviceRow({ endpoint, status, product, learned, lastSeen, tags }: DeviceWithStatus, now: Instant): Html {
  return html`<tr>
    <td class="wide"><a href="/?device=${encodeURIComponent(endpoint)}">${endpoint}</a></td>
    <td class="${colours[status]}">${status}</td>
    <td>${product}</td>
    <td>${learned?.vitals?.version}</td>
    <td>${ago(lastSeen, now)}</td>
    <td class="wide faint">${tagsText(tags)}</td>
  </tr>`
}

function tagsText(tags: DeviceWithStatus['tags']): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function campaignsSection(campaigns: readonly CampaignBrief[]): Html | undefined {
  if (campaigns.length === 0) return undefined
  return html`<section>
    <h2>Campaigns</h2>
    <table>
      ${campaigns.map(
        ({ campaign: { name, image, state, stage, definition }, totals, reason }) =>
          html`<tr>
            <td><b>${name}</b></td>
            <td>${image.product} ${image.version}</td>
            <td>${state}</td>
            <td>stage ${stage + 1} of ${definition.stages.length}</td>
            <td>${bar(totals)}</td>
            <td>
              ${totals.states.succeeded} of
              ${totals.eligible}${totals.unsuccessful > 0 ? html`, <span class="red">${totals.unsuccessful} failed</span>` : undefined}
            </td>
            <td class="wide faint">${reason}</td>
          </tr>`,
      )}
    </table>
  </section>`
}

function bar({ eligible, states, unsuccessful, active }: CampaignBrief['totals']): Html {
  const share = (count: number, colour: string): Html =>
    html`<i class="${colour}" style="width: ${eligible === 0 ? 0 : (count / eligible) * 100}%"></i>`
  return html`<div class="bar">
    ${share(states.succeeded, 'green')}${share(unsuccessful, 'red')}${share(active, 'blue')}
  </div>`
}

function eventsSection(events: readonly FleetEvent[], now: Instant): Html | undefined {
  if (events.length === 0) return undefined
  return html`<section>
    <h2>What happened last</h2>
    <table>
      ${events.toReversed().map(
        ({ at, kind, endpoint, detail }) =>
          html`<tr>
            <td class="faint">${ago(at, now)}</td>
            <td>${kind}</td>
            <td>
              ${endpoint === undefined ? undefined : html`<a href="/?device=${encodeURIComponent(endpoint)}">${endpoint}</a>`}
            </td>
            <td class="wide faint">${detailText(detail)}</td>
          </tr>`,
      )}
    </table>
  </section>`
}

function detailText(detail: FleetEvent['detail']): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : jsonOf(value)}`)
    .join(' ')
}

interface OneDevice {
  readonly device: DeviceWithStatus
  readonly operations: readonly Operation[]
  readonly events: readonly FleetEvent[]
}

export function devicePage({ device, operations, events }: OneDevice, now: Instant): Html {
  const { registration, network, learned } = device
  const facts: [string, string | undefined][] = [
    ['Product', device.product],
    ['Version', learned?.vitals?.version],
    ['Profile', `${network.profile} (${network.from})`],
    ['Tags', tagsText(device.tags)],
    ['Last seen', ago(device.lastSeen, now)],
    ['Expected', ago(device.nextExpectedAt, now)],
    ['Registered', ago(registration?.registeredAt, now)],
    ['LwM2M', registration?.lwm2mVersion],
    ['Address', registration && `${registration.address} port ${registration.port}`],
    ['Objects', registration?.links],
  ]
  return html`<section>
      <h2>${device.endpoint} <span class="${colours[device.status]}">${device.status}</span></h2>
      <table>
        ${facts.map(([name, value]) =>
          value === undefined || value === ''
            ? undefined
            : html`<tr>
                <td class="faint">${name}</td>
                <td class="wide">${value}</td>
              </tr>`,
        )}
      </table>
    </section>
    <section>
      <h2>What was asked of it</h2>
      ${
        operations.length === 0
          ? html`<p class="faint">Nothing.</p>`
          : html`<table>
              ${operations.map((one) => operationRow(one, now))}
            </table>`
      }
    </section>
    ${eventsSection(events, now)}`
}

function operationRow({ id, kind, path, state, createdAt, code, reason, detail }: Operation, now: Instant): Html {
  const colour = state === 'acknowledged' ? 'green' : state === 'failed' || state === 'expired' ? 'red' : 'faint'
  return html`<tr>
    <td class="faint">${id}</td>
    <td>${kind}</td>
    <td>${path}</td>
    <td class="${colour}">${state}</td>
    <td>${ago(createdAt, now)}</td>
    <td class="wide faint">${[code, reason, detail].filter((text) => text !== undefined).join(' · ')}</td>
  </tr>`
}
