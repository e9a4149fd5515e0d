// The gateway as a process: environment in, signals obeyed.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// What is loaded after this starts from its compiled form, in two thirds of the time. Where it cannot be written, it is not.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
const { ConfigError, loadConfig } = await import('./config.ts');
const { createGateway } = await import('./gateway.ts');
const { createLogger } = await import('./logger.ts');

const logger = createLogger();

/** Node would print the error with all that it carries. What was accepted is on disk, so nothing is lost. */
process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, 'crashed');
  process.exit(1);
});

try {
  const gateway = createGateway(loadConfig(process.env), logger);
  let isStopping = false;
  const stop = (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.fatal({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const { url } = await gateway.start();
  logger.info({ url }, 'listening');
} catch (error) {
  if (error instanceof ConfigError) {
    console.error(error.message);
    process.exit(2);
  }
  const isTaken = (error as { code?: unknown }).code === 'EADDRINUSE';
  const cure = ': another program listens there; PORT, EMULATOR_PORT and WEBHOOK_PORT choose other ports';
  logger.fatal({ err: error }, `the start failed${isTaken ? cure : ''}`);
  process.exit(1);
}
