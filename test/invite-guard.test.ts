import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { domainToUnicode } from 'node:url';
import { loadConfig } from '../src/config.ts';
import { GatewayError } from '../src/errors.ts';
import type { InviteLists } from '../src/invite-lists.ts';
import { toInvitationRequest } from '../src/tracking/requests.ts';
import { dataOf, startGateway, type Json, type TestGateway } from './support/gateway.ts';
import { engines, type Engine } from './support/stores.ts';

jest.setTimeout(30_000);

const listsOf = (environment: { [name: string]: string }): InviteLists => loadConfig(environment).inviteLists;
const inputTo = (invitedUserEmailAddress: string, cc?: string) => ({
  invitedUserEmailAddress,
  inviteRedirectUrl: 'https://app.example.com',
  ...(cc === undefined ? {} : { invitedUserMessageInfo: { ccRecipients: [{ emailAddress: { address: cc } }] } }),
});

/** @returns the position of what was refused, undefined when nothing was. */
function fieldRefused(address: string, lists: InviteLists, cc?: string): string | undefined {
  try {
    toInvitationRequest(inputTo(address, cc), { position: 'input', lists });
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.message).toMatch(/^[\w.[\]]+: .+\. .+\.$/s);
    return error.extensions['field'] as string;
  }
}
const GUEST = 'input.invitedUserEmailAddress';
const COPY = 'input.invitedUserMessageInfo.ccRecipients[0].emailAddress.address';
/** What some reader of an address may take for something else. */
const oddities = ['＠', '.', '。', '-', '"', '%', '!', '\\', '/', '#', '?', ':', ';', ',', '<', '>', '(', ')', '[', ']']
  .concat([' ', '\t', '\n', '\0', '\u00ad', '\u200b', '\u0301', '\u202e', '\ufeff', 'xn--', 'ｃｏｍ', '%40', '%2e'])
  .concat(['=', '+', '_', 'ß', 'é']);
const isInvited = (address: string, lists: InviteLists) => fieldRefused(address, lists) === undefined;

describe('a list of domains', () => {
  it.each([
    ['guest@partner.example', true],
    ['guest@PARTNER.Example', true],
    ['guest@bücher.example', true],
    ['guest@BÜCHER.example', true],
    ['guest@xn--bcher-kva.example', true],
    ['guest@XN--BCHER-KVA.example', true],
    ['guest@bu\u0308cher.example', false],
    ['guest@a.group.example', true],
    ['guest@b.a.group.example', true],
    ['guest@group.example', false],
    ['guest@mail.partner.example', false],
    ['guest@evil-partner.example', false],
    ['guest@evilgroup.example', false],
    ['guest@partner.example.evil.org', false],
    ['guest@evil.org@partner.example', false],
    ['guest@partner.example@evil.org', false],
    ['guest＠evil.org@partner.example', false],
    ['"guest@evil.org"@partner.example', false],
    ['guest%evil.org@partner.example', false],
    ['guest％evil.org@partner.example', false],
    ['evil.org!guest@partner.example', false],
    ['guest(@evil.org)@partner.example', false],
    ['guest@evil.org,guest@partner.example', false],
    ['guest@partner.example, guest@evil.org', false],
    ['guest@evil.org\n@partner.example', false],
    ['<guest@evil.org>guest@partner.example', false],
    ['guest@раrtner.example', false],
    ['guest@partner.example/.evil.org', false],
    ['guest@partner.example%2eevil.org', false],
    ['guest@evil.org#@partner.example', false],
    ['guest@[partner.example]', false],
  ])('of those allowed: %j passes: %s', (address, isExpected) => {
    const lists = listsOf({ INVITE_ALLOWED_DOMAINS: 'Partner.example, bücher.example., *.group.example' });
    expect(isInvited(address, lists)).toBe(isExpected);
  });

  it('of those blocked holds also for what is allowed, and its absence allows all', () => {
    const blocked = { INVITE_BLOCKED_DOMAINS: 'fass.example,old.partner.example,*.evil' };
    const both = listsOf({ ...blocked, INVITE_ALLOWED_DOMAINS: '*.partner.example' });
    expect(isInvited('guest@new.partner.example', both)).toBe(true);
    expect(fieldRefused('guest@old.partner.example', both)).toBe(GUEST);
    expect(fieldRefused('guest@example.com', both)).toBe(GUEST);
    const alone = listsOf(blocked);
    expect(isInvited('guest@example.com', alone)).toBe(true);
    expect(isInvited('guest@partner.example', alone)).toBe(true);
    expect(fieldRefused('guest@anything.evil', alone)).toBe(GUEST);
    // Mail goes to fass.example where the older rules for names are in use.
    expect(fieldRefused('guest@faß.example', alone)).toBe(GUEST);
    expect(isInvited('guest@anything.evil', listsOf({}))).toBe(true);
  });

  it('blocks a domain however it is spelled', () => {
    const domains = ['example.com', 'xn--bcher-kva.example', 'a.example-1.co'];
    const lists = listsOf({ INVITE_BLOCKED_DOMAINS: 'EXAMPLE.com,bücher.example,*.example-1.co' });
    /** What mail takes for the letter. */
    const spell = (letter: string) =>
      fc.constantFrom(
        letter,
        letter.toUpperCase(),
        ...(/[a-z0-9]/.test(letter) ? [String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)] : []),
      );
    const spelling = fc.constantFrom(...domains, ...domains.map(domainToUnicode)).chain((domain) => {
      // Full width spells no Punycode.
      const letters = domain.startsWith('xn--')
        ? Array.from(domain).map((letter) => fc.constantFrom(letter, letter.toUpperCase()))
        : Array.from(domain).map(spell);
      return fc.tuple(fc.tuple(...letters), fc.constantFrom('', '.')).map(([word, dot]) => word.join('') + dot);
    });
    fc.assert(
      fc.property(spelling, (domain) => {
        expect(fieldRefused(`guest@${domain}`, lists)).toBe(GUEST);
      }),
      { numRuns: 2_000 },
    );
    for (const domain of domains) expect(isInvited(`guest@${domain}`, listsOf({}))).toBe(true);
  });

  it('of those allowed is never passed by anything but an address of exactly such a domain', () => {
    const lists = listsOf({ INVITE_ALLOWED_DOMAINS: 'example.com' });
    const pieces = fc.constantFrom(
      'example.com',
      'EXAMPLE.COM',
      'example',
      '.com',
      'evil.org',
      'guest',
      '@',
      ...oddities,
    );
    let passed = 0;
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: pieces }, fc.string({ unit: 'binary' }))), (parts) => {
        for (const address of [parts.join(''), `guest@${parts.join('')}`, `${parts.join('')}@example.com`]) {
          if (!isInvited(address, lists)) continue;
          passed += 1;
          const [userName, ...domains] = address.normalize('NFKC').split('@');
          expect(domains.join('@').toLowerCase()).toBe('example.com');
          expect(userName).not.toMatch(/["%!\\,;:<>()[\]\s]/);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});

describe('the recipient of a copy', () => {
  it('is an address as that of a guest is', () => {
    for (const address of ['', 'desk', 'desk@localhost', 'a@b@example.com', 'desk@example.com, all@example.com'])
      expect(fieldRefused('guest@example.com', listsOf({}), address)).toBe(COPY);
    expect(fieldRefused('guest@example.com', listsOf({}), 'desk@example.com')).toBeUndefined();
  });

  it('is one of the addresses and domains that are allowed, whatever guests may be', () => {
    const lists = listsOf({
      INVITE_CC_ALLOWED: 'Desk@example.com,*.staff.example,bücher.example',
      INVITE_ALLOWED_DOMAINS: 'partner.example',
    });
    const copyTo = (address: string) => fieldRefused('guest@partner.example', lists, address);
    for (const address of ['desk@example.com', 'DESK@Example.com', 'a@b.staff.example', 'x@xn--bcher-kva.example'])
      expect(copyTo(address)).toBeUndefined();
    for (const address of [
      'other@example.com',
      'desk@evil-example.com',
      'desk@example.com.evil.org',
      'x@staff.example',
      'guest@partner.example',
    ])
      expect(copyTo(address)).toBe(COPY);
  });
});

describe('the lists of an operator', () => {
  it.each([
    ['INVITE_ALLOWED_DOMAINS', 'example.com,not a domain'],
    ['INVITE_ALLOWED_DOMAINS', 'example'],
    ['INVITE_ALLOWED_DOMAINS', 'guest@example.com'],
    ['INVITE_ALLOWED_DOMAINS', '@example.com'],
    ['INVITE_BLOCKED_DOMAINS', 'example..com'],
    ['INVITE_BLOCKED_DOMAINS', '*'],
    ['INVITE_BLOCKED_DOMAINS', '*example.com'],
    ['INVITE_BLOCKED_DOMAINS', 'https://example.com'],
    ['INVITE_BLOCKED_DOMAINS', 'example.com:25'],
    ['INVITE_BLOCKED_DOMAINS', 'ex%61mple.com'],
    ['INVITE_CC_ALLOWED', '@example.com'],
    ['INVITE_CC_ALLOWED', 'a@*.example.com'],
    ['INVITE_CC_ALLOWED', 'a b@example.com'],
    ['INVITE_CC_ALLOWED', 'a@b@example.com'],
  ])('are refused with a bad entry, which is not repeated: %s=%s', (name, value) => {
    let problems: readonly string[] = [];
    try {
      loadConfig({ [name]: value, PORT: 'x' });
    } catch (error) {
      problems = (error as { problems: string[] }).problems;
    }
    expect(problems).toEqual([
      expect.stringContaining('PORT'),
      expect.stringMatching(
        new RegExp(`^${name} has an entry that is no (address and no )?domain such as example.com or \\*.example.com$`),
      ),
    ]);
  });

  it('may have spaces, empty entries, and any spelling', () => {
    const lists = listsOf({
      INVITE_ALLOWED_DOMAINS: ' Example.COM. ,, *.Bücher.example,',
      INVITE_CC_ALLOWED: 'A@B.example',
    });
    expect(lists).toMatchObject({
      allowedDomains: ['example.com', '*.xn--bcher-kva.example'],
      ccAllowed: ['a@b.example'],
    });
  });
});

const CREATE = 'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { tracking { id } } }';
const CREATE_MANY = `mutation ($inputs: [CreateInvitationInput!]!) {
  createInvitations(inputs: $inputs) { results { invitation { tracking { id } } error { code message field } } }
}`;

describe.each(engines)('a gateway with such lists on $name', ({ open }) => {
  let engine: Engine;
  let gateway: TestGateway;
  beforeEach(async () => {
    engine = await open();
    gateway = await startGateway(engine, {
      INVITE_ALLOWED_DOMAINS: '*.example',
      INVITE_BLOCKED_DOMAINS: 'blocked.example',
      INVITE_CC_ALLOWED: 'staff.example',
    });
  });
  afterEach(async () => {
    await gateway.stop();
    await engine.close();
  });

  it.each([
    ['a blocked guest', inputTo('hidden.name@Blocked.example'), GUEST],
    ['a guest who is not allowed', inputTo('hidden.name@example.com'), GUEST],
    ['a copy to somebody else', inputTo('guest@partner.example', 'hidden.name@partner.example'), COPY],
    ['a copy to no address', inputTo('guest@partner.example', 'hidden.name'), COPY],
  ])('stores nothing and does not ask Graph: %s', async (_, input, field) => {
    const { errors } = await gateway.query(CREATE, { input });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringMatching(/^input\..+\. .+\.$/),
      extensions: { code: 'BAD_USER_INPUT', field },
    });
    expect(JSON.stringify(errors)).not.toContain('hidden');
    expect((await gateway.emulator.counts()).http).toBe(0);
    expect(await gateway.run('select id from record', [])).toEqual([]);
  });

  it('refuses one of many in its place, and invites the others', async () => {
    const inputs = [
      inputTo('first@partner.example', 'desk@staff.example'),
      inputTo('hidden.name@blocked.example'),
      inputTo('third@partner.example', 'hidden.name@partner.example'),
      inputTo('fourth@partner.example'),
    ];
    const { results } = dataOf(await gateway.query(CREATE_MANY, { inputs }), 'createInvitations');
    expect(results.map(({ error }: Json) => error && [error.code, error.field])).toEqual([
      null,
      ['BAD_USER_INPUT', 'inputs[1].invitedUserEmailAddress'],
      ['BAD_USER_INPUT', 'inputs[2].invitedUserMessageInfo.ccRecipients[0].emailAddress.address'],
      null,
    ]);
    expect(JSON.stringify(results)).not.toContain('hidden');
    expect(await gateway.run('select id from record', [])).toHaveLength(2);
  });
});
