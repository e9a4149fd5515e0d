/** `POST /invitations`, and what opening an invitation's redeem link does. */
import type { Directory, DirectoryUser } from './directory.ts';
import { badRequest, GraphRefusal, json, resourceNotFound, toGraphDate } from './graph-answer.ts';
import type { GraphHandler } from './graph-routes.ts';
import { readInvitationInput, type InvitationInput } from './invitation-input.ts';
import type { State } from './state.ts';

export interface MadeInvitation {
  id: string;
  mail: string;
  userId: string;
  redeemUrl: string;
  createdAt: number;
}

export interface Invitations {
  create: GraphHandler;
  /** Accepts the invitation with this ticket and says where the guest goes next; undefined for an unknown ticket. */
  redeem(ticket: string): { redirectUrl: string; displayName: string } | undefined;
  made(): MadeInvitation[];
}

export interface InvitationsOptions {
  state: State;
  directory: Directory;
  tenantDomain: string;
  now: () => number;
}

const INSERT = `
  INSERT INTO invitations (id, mail, userId, ticket, redeemUrl, redirectUrl, createdAt) VALUES (?, ?, ?, ?, ?, ?, ?)`;

export function createInvitations({ state, directory, tenantDomain, now }: InvitationsOptions): Invitations {
  const insert = state.db.prepare(INSERT);
  const byTicket = state.db.prepare('SELECT userId, redirectUrl FROM invitations WHERE ticket = ?');
  const all = state.db.prepare('SELECT id, mail, userId, redeemUrl, createdAt FROM invitations ORDER BY seq');

  function freeUserName(mail: string): string {
    const local = mail.replace('@', '_');
    for (let suffix = 0; ; suffix++) {
      const name = `${local}${suffix || ''}#EXT#@${tenantDomain}`;
      if (!directory.readable(name, Infinity)) return name;
    }
  }

  function newGuest(input: InvitationInput, at: number): DirectoryUser {
    const userPrincipalName = freeUserName(input.mail);
    return {
      ...externalUser(input.mail, toGraphDate(at)),
      id: state.ids.nextId(),
      userPrincipalName,
      displayName: input.displayName ?? input.mail.slice(0, input.mail.lastIndexOf('@')),
      userType: input.userType,
      identities: [{ signInType: 'userPrincipalName', issuer: tenantDomain, issuerAssignedId: userPrincipalName }],
      sponsors: input.sponsors ?? [],
    };
  }

  function userToReset(id: string, mail: string): DirectoryUser {
    const user = directory.byId(id);
    if (!user) throw resourceNotFound(id);
    if (user.creationType !== 'Invitation')
      throw badRequest(`The redemption of user ${user.id} cannot be reset: not an invited user.`);
    const owned = [user.mail ?? '', ...user.otherMails].map((address) => address.toLowerCase());
    if (!owned.includes(mail.toLowerCase())) {
      throw badRequest('The invited email address must be among the otherMails of the user whose redemption is reset.');
    }
    return user;
  }

  function existingGuest(mail: string): DirectoryUser | undefined {
    const user = directory.byAddress(mail);
    if (!user) return undefined;
    if (user.creationType !== 'Invitation') {
      throw badRequest(
        `The invited user already exists in the directory as object ID: ${user.id}. They can use that account to sign in.`,
      );
    }
    if (!user.accountEnabled) {
      throw new GraphRefusal(
        412,
        'PreconditionFailed',
        'The invited user already exists and is blocked from signing in.',
      );
    }
    return user;
  }

  return {
    create(request) {
      const input = readInvitationInput(request.body);
      const at = now();
      const known = input.resetUserId ? userToReset(input.resetUserId, input.mail) : existingGuest(input.mail);
      const user = known ?? newGuest(input, at);
      const id = state.ids.nextId();
      const ticket = state.ids.nextTicket();
      const redeemUrl = `${request.origin}/redeem?rd=${ticket}`;
      const accepted = user.externalUserState === 'Accepted' && !input.resetRedemption;

      state.transaction(() => {
        if (!known) directory.add(user, at);
        else if (input.resetRedemption) {
          directory.update({
            ...user,
            externalUserState: 'PendingAcceptance',
            externalUserStateChangeDateTime: toGraphDate(at),
          });
        }
        insert.run(id, input.mail, user.id, ticket, redeemUrl, input.redirectUrl, at);
      });
      return json(201, {
        '@odata.context': `${request.root}/$metadata#invitations/$entity`,
        id,
        inviteRedeemUrl: redeemUrl,
        invitedUserDisplayName: input.displayName,
        invitedUserType: input.userType,
        invitedUserEmailAddress: input.mail,
        sendInvitationMessage: input.sendMessage,
        resetRedemption: input.resetRedemption,
        inviteRedirectUrl: input.redirectUrl,
        status: accepted ? 'Completed' : 'PendingAcceptance',
        invitedUserMessageInfo: input.messageInfo,
        invitedUser: { id: user.id, userPrincipalName: user.userPrincipalName },
        ...(input.sponsors && { invitedUserSponsors: input.sponsors.map((sponsor) => ({ id: sponsor })) }),
      });
    },

    redeem(ticket) {
      const row = byTicket.get(ticket);
      const user = row && directory.byId(String(row['userId']));
      if (!user) return undefined;
      if (user.externalUserState !== 'Accepted') {
        directory.update({
          ...user,
          externalUserState: 'Accepted',
          externalUserStateChangeDateTime: toGraphDate(now()),
        });
      }
      return { redirectUrl: String(row['redirectUrl']), displayName: user.displayName };
    },

    made: () =>
      all.all().map((row) => ({
        id: String(row['id']),
        mail: String(row['mail']),
        userId: String(row['userId']),
        redeemUrl: String(row['redeemUrl']),
        createdAt: Number(row['createdAt']),
      })),
  };
}

/** Metadata offers this list, the service does not: it answers with a page in place of a message. */
export function refuseInvitationList(): never {
  throw new GraphRefusal(
    404,
    'UnknownError',
    '<!DOCTYPE html><html><head><title>404 - Not Found</title></head><body></body></html>',
  );
}

/** A user from outside the tenant who has been invited and has not answered yet. */
export function externalUser(
  mail: string,
  createdDateTime: string,
): Omit<DirectoryUser, 'id' | 'userPrincipalName' | 'displayName' | 'userType'> {
  return {
    mail,
    creationType: 'Invitation',
    accountEnabled: true,
    createdDateTime,
    externalUserState: 'PendingAcceptance',
    externalUserStateChangeDateTime: createdDateTime,
    otherMails: [mail],
    proxyAddresses: [`SMTP:${mail}`],
    businessPhones: [],
    givenName: null,
    surname: null,
    jobTitle: null,
    department: null,
    officeLocation: null,
    mobilePhone: null,
    preferredLanguage: null,
    usageLocation: null,
    companyName: null,
    mailNickname: `${mail.replace('@', '_')}#EXT#`,
    identities: [],
    sponsors: [],
  };
}
