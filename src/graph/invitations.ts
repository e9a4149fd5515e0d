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
  client: GraphClient,
  request: InvitationRequest,
  limits: CallLimits,
): Promise<InvitationAnswer> {
  const { invitedUserSponsors, ...members } = request;
  const sponsors = invitedUserSponsors?.map(({ id }) => ({ '@odata.type': '#microsoft.graph.user', id }));
  const { body } = await client.post(
    '/invitations',
    sponsors ? { ...members, invitedUserSponsors: sponsors } : members,
    limits,
  );
  const answer = toInvitation(body);
  if (answer.id === null && answer.invitation.status === undefined)
    throw new GraphUnreachable('the answer is no invitation', true);
  return answer;
}
