// The operator's lists of whom invitations may go to, and how an entry and an address are compared.
import { domainToASCII } from 'node:url';

/** Whom invitations may go to and where they may lead. An empty list of what is allowed allows everything. */
export interface InviteLists {
  /** Domains of guests, such as `example.com`, or `*.example.com` for those below it. */
  allowedDomains: readonly string[];
  /** The same; what is on both lists is blocked. */
  blockedDomains: readonly string[];
  /** Domains, and addresses, of who may get a copy of the message. */
  ccAllowed: readonly string[];
  /** Origins that a redirect may lead to. */
  redirectOrigins: readonly string[];
}

/** @returns a domain as an entry of a list, undefined when it is none. */
export function toDomainEntry(text: string): string | undefined {
  const [, wildcard = '', rest = ''] = /^(\*\.)?(.*)$/s.exec(text) ?? [];
  const domain = toDomain(rest);
  // A single word is no domain of mail, while all below it may be meant: `*.example`.
  if (domain === undefined || (wildcard === '' && !domain.includes('.'))) return undefined;
  return `${wildcard}${domain}`;
}

/** @returns the same for a domain or an address. */
export function toRecipientEntry(text: string): string | undefined {
  if (!text.includes('@')) return toDomainEntry(text);
  const [userName, domain] = split(text);
  const entry = toDomainEntry(domain);
  const isGood = entry !== undefined && !entry.startsWith('*') && /^[^@\s]+$/.test(userName);
  return isGood ? `${userName.toLowerCase()}@${entry}` : undefined;
}

/** @returns whether an entry names the address or its domain; never for an address whose domain cannot be one. */
export function isListed(address: string, entries: readonly string[]): boolean {
  const [userName, text] = split(address);
  const domain = toDomain(text);
  if (domain === undefined) return false;
  const whole = `${userName.toLowerCase()}@${domain}`;
  return entries.some((entry) => {
    if (entry.includes('@')) return entry === whole;
    return entry.startsWith('*.') ? domain.endsWith(entry.slice(1)) : entry === domain;
  });
}

/** @returns whether an entry names the domain in any way in which mail systems read it. */
export function isListedAnyhow(address: string, entries: readonly string[]): boolean {
  // The older rules for names, which some systems still go by, write these letters otherwise.
  const older = address.replaceAll(/[ßẞ]/g, 'ss').replaceAll('ς', 'σ');
  return isListed(address, entries) || isListed(older, entries);
}

function split(address: string): [userName: string, domain: string] {
  const at = address.lastIndexOf('@');
  return [address.slice(0, Math.max(at, 0)), address.slice(at + 1)];
}

/** @returns the one form of all spellings of a domain: lower case, Punycode, no dot at the end. */
function toDomain(text: string): string | undefined {
  // What the reader of hosts would decode, or take for the end of the host, is in no name.
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(text)) return undefined;
  const domain = domainToASCII(text).replace(/\.$/, '');
  return /^([a-z\d-]{1,63}\.)*[a-z\d-]{1,63}$/.test(domain) ? domain : undefined;
}
