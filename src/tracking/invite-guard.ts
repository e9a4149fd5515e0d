// Refuses guests and recipients of copies that the operator does not want invitations to go to.
import { refuseInput } from '../errors.ts';
import { isListed, isListedAnyhow, type InviteLists } from '../invite-lists.ts';

/** @throws GatewayError `BAD_USER_INPUT` for a guest of a domain that is blocked, or not among those that are allowed */
export function requireAllowedGuest(address: string, field: string, lists: InviteLists): void {
  const { allowedDomains, blockedDomains } = lists;
  const isAllowed = allowedDomains.length === 0 || isListed(address, allowedDomains);
  if (isAllowed && !isListedAnyhow(address, blockedDomains)) return;
  refuseInput(
    field,
    'Guests of this domain are not invited from here. Use an address of another domain, or ask who runs the gateway to allow this one.',
  );
}

/** @throws GatewayError `BAD_USER_INPUT` for a recipient who is not among those that are allowed */
export function requireAllowedRecipient(address: string, field: string, { ccAllowed }: InviteLists): void {
  if (ccAllowed.length === 0 || isListed(address, ccAllowed)) return;
  refuseInput(
    field,
    'Copies of the message do not go to this address from here. Leave it out, or ask who runs the gateway to allow it.',
  );
}
