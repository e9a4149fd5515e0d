import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parse, validate } from 'graphql';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { FIRST_DOCUMENTS } from '../src/pages.ts';
import { createSchema } from '../src/schema.ts';
import { startChromium, type Chromium, type RecordedPage } from './support/chromium.ts';
import { startGateway, waitFor, type TestGateway } from './support/gateway.ts';
import { engines, type Engine } from './support/stores.ts';

jest.setTimeout(120_000);

const INVITE = FIRST_DOCUMENTS['Invite to the call'];
const SANDBOX = 'https://embeddable-sandbox.cdn.apollographql.com/**';

let chromium: Chromium;
let engine: Engine;
let gateway: TestGateway;
let recorded: RecordedPage;

beforeAll(async () => {
  chromium = await startChromium();
});
afterAll(() => chromium.close());

beforeEach(async () => {
  engine = await engines[0]!.open();
  gateway = await startGateway(engine);
  recorded = await chromium.openPage();
});
afterEach(async () => {
  await recorded.page.close();
  await gateway.stop();
  await engine.close();
});

const visible = (selector: string) => recorded.page.locator(selector).filter({ visible: true });
const results = () => visible('.query-result__list-item');
const send = () => recorded.page.getByRole('button', { name: 'Send Request' }).filter({ visible: true }).click();
const openTab = (name: string) => visible('app-window-switcher').getByText(name, { exact: true }).click();
const openExplorer = async () => {
  await recorded.page.goto(`${gateway.url}/explorer/`);
  await recorded.page.getByText('(Send mutation InviteParticipants)').waitFor();
};

describe('the explorer', () => {
  it('offers documents that are valid, and runs each with one click, without an error and without another origin', async () => {
    expect(Object.values(FIRST_DOCUMENTS).flatMap((document) => validate(createSchema(), parse(document)))).toEqual([]);
    await openExplorer();
    for (const [tab, field] of [
      ['Invite to the call', '"inviteParticipants"'],
      ['Invite a guest', '"createInvitation"'],
      ['Watch a call', '"inviteParticipantsOperationsUpdated"'],
    ] as const) {
      await openTab(tab);
      await send();
      await results().filter({ hasText: field }).first().waitFor();
      expect(await results().filter({ hasText: '"errors"' }).count()).toBe(0);
    }
    const asked = recorded.addresses.filter(({ protocol }) => protocol !== 'data:' && protocol !== 'blob:');
    const { host } = new URL(gateway.url);
    expect(new Set(asked.map((address) => address.host))).toEqual(new Set([host]));
    expect(asked.map(({ href }) => href)).toContain(`ws://${host}/graphql`);
    expect(recorded.errors).toEqual([]);
  });

  it('runs what is typed and shows the answer', async () => {
    const { data } = await gateway.query(INVITE);
    await openExplorer();
    await visible('app-query-editor .cm-content').first().click();
    await recorded.page.keyboard.press('ControlOrMeta+A');
    await recorded.page.keyboard.insertText('query Mine { inviteParticipantsOperations { nodes { id } } }');
    await recorded.page.getByText('(Send query Mine)').waitFor();
    await send();
    await results().filter({ hasText: data?.['inviteParticipants'].id }).waitFor();
    expect(recorded.errors).toEqual([]);
  });

  it('shows every event of a subscription as it happens', async () => {
    await openExplorer();
    await openTab('Watch a call');
    await send();
    await waitFor('the watch', () => gateway.watchCount() === 1);
    const { data } = await gateway.query(INVITE);
    await results().filter({ hasText: '"running"' }).waitFor();
    await gateway.emulator.endOperation(data?.['inviteParticipants'].id, 'completed');
    await results().filter({ hasText: '"completed"' }).waitFor();
    const shown = await results().allInnerTexts();
    expect(shown.map((event) => /"revision": (\d+)/.exec(event)?.[1])).toEqual(['1', '2', '3']);
    expect(recorded.errors).toEqual([]);
  });

  it('writes nothing of the request into its page', async () => {
    const script = '</script><script>alert(1)</script>';
    const load = async (path: string, headers: { [name: string]: string } = {}) => {
      const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
        get(`${gateway.url}${path}`, { headers }, resolve).on('error', reject);
      });
      return text(response);
    };
    const page = await load(`/explorer/?${encodeURI(script)}`, { referer: script, 'x-forwarded-host': script });
    expect(page).toContain('AltairGraphQL.init');
    expect(page).toBe(await load('/explorer/'));
    expect(await load('/explorer/', { host: `127.0.0.1${script}` })).not.toContain('alert');
  });

  it('does not lend its origin to the frame that runs scripts', async () => {
    const { headers } = await fetch(`${gateway.url}/explorer/iframe-sandbox/index.html`);
    expect(headers.get('content-security-policy')).toBe('sandbox allow-scripts');
  });
});

describe('the landing page', () => {
  it('leads to the explorer when Apollo Sandbox cannot be reached', async () => {
    const { page } = recorded;
    await page.goto(gateway.url);
    expect(page.url()).toBe(`${gateway.url}/graphql`);
    await page.getByText('Apollo Sandbox cannot be loaded').waitFor();
    await page.getByRole('link').click();
    await page.waitForURL(`${gateway.url}/explorer/`);
    await page.getByText('(Send mutation InviteParticipants)').waitFor();
  });

  it('tells Apollo Sandbox where queries and subscriptions are served', async () => {
    const { page } = recorded;
    await page.route(SANDBOX, (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: 'window.EmbeddedSandbox = class { constructor(options) { window.options = options; } };',
      }),
    );
    await page.goto(gateway.url);
    const handle = await page.waitForFunction('window.options');
    expect(await handle.jsonValue()).toMatchObject({
      initialEndpoint: `${gateway.url}/graphql`,
      initialSubscriptionEndpoint: `${gateway.url.replace('http', 'ws')}/graphql`,
      initialState: { document: expect.stringContaining(INVITE) },
    });
    expect(await page.locator('#sandbox').count()).toBe(1);
    expect(await page.locator('main').count()).toBe(0);
    expect(recorded.errors).toEqual([]);
  });
});
