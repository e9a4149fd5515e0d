// Inviting participants to a call, and where the operation that does it is read.
import { toSegment, type CallLimits, type GraphClient } from './client.ts';
import { GraphUnreachable } from './graph-error.ts';
import { toOperation } from './read-resources.ts';
import {
  identityTypes,
  type GraphIdentitySet,
  type GraphOperation,
  type IdentityKind,
  type InviteParticipantsRequest,
} from './resources.ts';

/** Graph's answer to an invitation of participants. */
export interface OperationAnswer {
  id: string;
  operation: GraphOperation;
}

/** Invites participants to a call. Throws `GraphRefusal` or `GraphUnreachable`. */
export async function inviteParticipants(
  client: Pick<GraphClient, 'post'>,
  callId: string,
  request: InviteParticipantsRequest,
  limits: CallLimits,
): Promise<OperationAnswer> {
  const path = `/communications/calls/${toSegment(callId)}/participants/invite`;
  const { body, header } = await client.post(path, toBody(request), limits);
  const answer = toOperation(body);
  const id = answer.id ?? toOperationId(header('location'));
  if (id === null) throw new GraphUnreachable('the answer names no operation', true);
  return { id, operation: answer.operation };
}

/** @returns the path of an operation below the version. */
export function operationPath(callId: string, id: string): string {
  return `/communications/calls/${toSegment(callId)}/operations/${toSegment(id)}`;
}

/** @returns the path of who is in a call. */
export function rosterPath(callId: string): string {
  return `/communications/calls/${toSegment(callId)}/participants`;
}

/** @returns the ids of all who are in a call, in whatever member of the identity set Graph put them. */
export function toRosterIds(body: unknown): ReadonlySet<string> {
  const participants = (body as { value?: unknown } | null | undefined)?.value;
  const sets = (Array.isArray(participants) ? (participants as unknown[]) : []).map(
    (participant) => (participant as { info?: { identity?: unknown } } | null)?.info?.identity,
  );
  const identities = sets.flatMap((set) => (typeof set === 'object' && set !== null ? Object.values(set) : []));
  const ids = identities.map((identity) => (identity as { id?: unknown } | null)?.id);
  return new Set(ids.filter((id) => typeof id === 'string'));
}

// The reference sends the type on all three levels: participant, identity set and identity.
function toBody({ participants, clientContext }: InviteParticipantsRequest) {
  return {
    participants: participants.map(({ identity, ...members }) => ({
      '@odata.type': '#microsoft.graph.invitationParticipantInfo',
      ...members,
      identity: toIdentitySet(identity),
    })),
    clientContext,
  };
}

function toIdentitySet(identity: GraphIdentitySet) {
  const entries = Object.entries(identity) as [IdentityKind, object][];
  return {
    // The plain set declares no such member.
    '@odata.type': `#microsoft.graph.${'azureCommunicationServicesUser' in identity ? 'communicationsIdentitySet' : 'identitySet'}`,
    ...Object.fromEntries(
      entries.map(([kind, members]) => [
        kind,
        { '@odata.type': `#microsoft.graph.${identityTypes[kind]}`, ...members },
      ]),
    ),
  };
}

function toOperationId(location: string | null): string | null {
  const segment = location?.match(/\/operations\/([^/?#]+)\/?$/)?.[1];
  try {
    return segment === undefined ? null : decodeURIComponent(segment);
  } catch {
    return null;
  }
}
