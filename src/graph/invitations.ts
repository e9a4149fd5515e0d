// `POST /invitations`.
import type { CallLimits, GraphClient } from './client.ts';
import { GraphUnreachable } from './graph-error.ts';
import { toInvitation } from './read-resources.ts';
import type { GraphInvitation, InvitationRequest } from './resources.ts';

/** Graph's answer to an invitation. */
export interface InvitationAnswer {
  id: string | null;
  invitation: GraphInvitation;
}

/** Invites a guest, or resets the redemption of one. Throws `GraphRefusal` or `GraphUnreachable`. */
export async function createInvitation(
  client: Pick<GraphClient, 'post'>,
  request: InvitationRequest,
  limits: CallLimits,
): Promise<InvitationAnswer> {
  const { path, body } = toInvitationPost(request);
  return toInvitationAnswer((await client.post(path, body, limits)).body);
}

/** @returns what is posted to invite, alone or as a part of a batch. */
export function toInvitationPost({ invitedUserSponsors, ...members }: InvitationRequest) {
  const sponsors = invitedUserSponsors?.map(({ id }) => ({ '@odata.type': '#microsoft.graph.user', id }));
  return { path: '/invitations', body: sponsors ? { ...members, invitedUserSponsors: sponsors } : members };
}

/** @throws GraphUnreachable when it is no answer to an invitation: what Graph did is then not known */
export function toInvitationAnswer(body: unknown): InvitationAnswer {
  const answer = toInvitation(body);
  if (answer.id === null && answer.invitation.status === undefined)
    throw new GraphUnreachable('the answer is no invitation', true);
  return answer;
}
