// Pages of records, as Relay describes connections: stable while newer records arrive.
import { refuseInput } from '../src/errors.ts';
import type { GraphQLContext } from '../src/context.ts';
import type { TrackingRecord } from '../src/tracking/record.ts';
import type { ListQuery } from '../src/tracking/store.ts';

interface Edge<Node> {
  cursor: string;
  node: Node;
}

/** One page of a connection. */
export interface Connection<Node> {
  edges: Edge<Node>[];
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

interface PageArguments {
  first?: number | null;
  after?: string | null;
}

const DEFAULT_FIRST = 20;
const MAX_FIRST = 100;

/** @throws GatewayError `BAD_USER_INPUT` for a page size out of 0 to 100 or a cursor that is none of ours */
export async function loadConnection<Node extends TrackingRecord>(
  { records, caller }: GraphQLContext,
  query: Pick<ListQuery, 'kind' | 'states' | 'callId' | 'invitedUserEmailAddress'>,
  args: PageArguments,
): Promise<Connection<Node>> {
  const first = args.first ?? DEFAULT_FIRST;
  if (first < 0 || first > MAX_FIRST) {
    refuseInput('first', `${first} is out of range. Ask for 0 to ${MAX_FIRST} at a time and go on with after.`);
  }
  const after = typeof args.after === 'string' ? toPosition(args.after) : undefined;
  // One more than asked tells whether there is a next page.
  const found = await records.list({ ...query, viewer: caller, first: first + 1, ...(after ? { after } : {}) });
  const edges = (found.slice(0, first) as Node[]).map((node) => ({ cursor: toCursor(node), node }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: after !== undefined,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

function toCursor({ createdAt, id }: TrackingRecord): string {
  return Buffer.from(`${Number(createdAt)} ${id}`).toString('base64url');
}

function toPosition(cursor: string): { createdAt: Date; id: string } {
  const [, ms, id] = /^(\d{1,15}) (.+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (ms === undefined || id === undefined) {
    refuseInput('after', 'This is no cursor of this list. Give pageInfo.endCursor of the page before.');
  }
  return { createdAt: new Date(Number(ms)), id };
}
