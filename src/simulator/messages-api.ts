import {
  atLeast,
  type CinderCall,
  jsonResult,
  MESSAGE_PAGES,
  MESSAGES,
  projectOnly,
  RESOURCE_FILTER,
  type Result,
} from './cinder-call.ts';
import { Fault, INCAPABLE, NOT_FOUND } from './cinder-fault.ts';
import type { JsonObject } from './definition.ts';
import { linksOf, matches, nextLink, type Page, pageOf, rowsOfPage } from './listing.ts';
import { checkFilters } from './volume-filters.ts';
import type { MessageRow } from './volume-rows.ts';

/** Source: cinder/message/message_field.py. */
const ACTIONS: Readonly<Record<string, string>> = {
  '001': 'schedule allocate volume',
  '005': 'copy image to volume',
  '008': 'create volume from backend storage',
  '009': 'create snapshot',
  '010': 'delete snapshot',
};
const DETAILS: Readonly<Record<string, string>> = {
  '003': 'Could not find any available weighted backend.',
  '007': 'Image used for creating volume exceeds available space.',
  '011': 'Image signature verification failed.',
  '012': 'Driver failed to create the volume.',
  '013': 'Snapshot failed to create.',
  '016': 'Snapshot failed to delete.',
  '029': 'The image disk format must be the same as the volume format for the volume type you are requesting.',
};

const COLUMNS: readonly (keyof MessageRow)[] = [
  'id',
  'project_id',
  'event_id',
  'action_id',
  'detail_id',
  'message_level',
  'request_id',
  'resource_type',
  'resource_uuid',
  'created_at',
  'updated_at',
  'expires_at',
];

/** `GET /v3/messages` of the caller's project, an administrator's of all; pages and filters from 3.5. Source: cinder/api/v3/messages.py. */
export function listMessages(call: CinderCall): Result {
  if (!atLeast(call.version, MESSAGES)) throw new Fault(404, NOT_FOUND);
  const { api, request } = call;
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const paged = atLeast(call.version, MESSAGE_PAGES);
  const parameters = paged ? new Map(request.query) : new Map<string, string>();
  const page: Page = pageOf(parameters, api.settings.maxLimit);
  if (atLeast(call.version, RESOURCE_FILTER)) checkFilters(call, 'message', parameters);
  projectOnly(call, 'reader', 'message:get_all');
  const found = visible(call).filter((row) => matches(row, parameters, COLUMNS));
  const marker = page.marker === undefined ? undefined : findMessage(call, page.marker);
  const rows = rowsOfPage(found, page, COLUMNS, marker);
  return jsonResult(200, {
    messages: rows.map((row) => messageBody(call, row)),
    ...nextLink(call, 'messages', rows, page),
  });
}

/** `GET /v3/messages/{id}` */
export function showMessage(call: CinderCall, id: string): Result {
  if (!atLeast(call.version, MESSAGES)) throw new Fault(404, NOT_FOUND);
  return jsonResult(200, { message: messageBody(call, findMessage(call, id)) });
}

/** `DELETE /v3/messages/{id}` */
export function deleteMessage(call: CinderCall, id: string): Result {
  if (!atLeast(call.version, MESSAGES)) throw new Fault(404, NOT_FOUND);
  call.api.database.messages.delete(findMessage(call, id).id);
  return { status: 204, body: '' };
}

/** Messages are kept for thirty days. */
function visible({ api, admin, project }: CinderCall): MessageRow[] {
  const now = api.database.stamp(api.now());
  return [...api.database.messages.values()].filter(
    (row) => row.expires_at > now && (admin || row.project_id === project),
  );
}

function findMessage(call: CinderCall, id: string): MessageRow {
  const found = visible(call).find((row) => row.id === id);
  if (found === undefined) throw new Fault(404, `Message ${id} could not be found.`);
  return found;
}

function messageBody(call: CinderCall, row: MessageRow): JsonObject {
  return {
    id: row.id,
    event_id: row.event_id,
    user_message: `${ACTIONS[row.action_id]}:${DETAILS[row.detail_id]}`,
    message_level: row.message_level,
    created_at: row.created_at,
    guaranteed_until: row.expires_at,
    request_id: row.request_id,
    links: linksOf(call, 'messages', row.id),
    resource_type: row.resource_type,
    resource_uuid: row.resource_uuid,
  };
}
