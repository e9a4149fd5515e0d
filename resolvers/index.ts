// The list of resolver maps. A type without one shows its members as Graph gave them.
import { gatewayResolvers } from './gateway.ts';
import { invitationResolvers } from './invitation.ts';
import { operationResolvers } from './operation.ts';
import { trackingResolvers } from './tracking.ts';
import { userResolvers } from './user.ts';

export const resolvers = [gatewayResolvers, invitationResolvers, operationResolvers, trackingResolvers, userResolvers];
