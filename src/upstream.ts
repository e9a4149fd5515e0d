// The Graph that is asked: Microsoft's, or the emulator, which is started here and nowhere else.
import { createGraphCredentials } from './auth/graph-credentials.ts';
import type { NotificationTokenOptions } from './auth/notification-token.ts';
import type { Config } from './config.ts';
import type { LiveGraph } from './config-graph.ts';
import { CALLS_PATH } from './delivery/webhooks.ts';
import { createEmulator } from './emulator/emulator.ts';
import { DEFAULT_APP_ID, DEFAULT_TENANT_ID } from './emulator/settings.ts';
import type { LoadToken } from './graph/token.ts';
import type { Logger } from './logger.ts';

export interface Upstream {
  baseUrl: string;
  loadToken: LoadToken;
  /** Marks a store as belonging to it. */
  stamp: string;
  /** Who its notifications of calls are for, and where the keys for their tokens are published. */
  caller: NotificationTokenOptions | null;
  stop(): Promise<void>;
}

type UpstreamConfig = Pick<Config, 'graph' | 'webhooks'>;

export async function openUpstream({ graph, webhooks }: UpstreamConfig, logger: Logger): Promise<Upstream> {
  return graph.mode === 'live' ? toLive(graph, webhooks, logger) : emulate(graph, webhooks, logger);
}

async function emulate(
  graph: Extract<Config['graph'], { mode: 'emulator' }>,
  webhooks: Config['webhooks'],
  logger: Logger,
): Promise<Upstream> {
  const callbackUrl = webhooks && new URL(CALLS_PATH, webhooks.publicUrl).href;
  const emulator = createEmulator({ ...graph.emulator, callbackUrl });
  const stop = () => emulator.stop();
  try {
    const baseUrl = await emulator.start();
    logger.warn({ emulator: baseUrl }, 'Graph is emulated: nobody is really invited, and nothing leaves this machine');
    const metadataUrl = `${baseUrl}/v1/.well-known/OpenIdConfiguration`;
    const caller = { appId: DEFAULT_APP_ID, tenantId: DEFAULT_TENANT_ID, metadataUrl };
    // The emulator's port is chance, its state is not.
    return { baseUrl, loadToken: () => Promise.resolve('emulator'), stamp: 'emulator', caller, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function toLive(graph: LiveGraph, webhooks: Config['webhooks'], logger: Logger): Upstream {
  const { baseUrl, tenantId } = graph;
  return {
    baseUrl,
    loadToken: createGraphCredentials({ ...graph, logger }),
    stamp: [new URL(baseUrl).origin, ...(tenantId === null ? [] : [tenantId.toLowerCase()])].join(' '),
    caller: webhooks?.caller ?? null,
    stop: () => Promise.resolve(),
  };
}
