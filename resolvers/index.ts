// The list of resolver maps. A type without one shows its members as Graph gave them.
import { invitationResolvers } from './invitation.ts';
import { operationResolvers } from './operation.ts';
import { trackingResolvers } from './tracking.ts';
import { userResolvers } from './user.ts';

export const resolvers = [invitationResolvers, operationResolvers, trackingResolvers, userResolvers];
