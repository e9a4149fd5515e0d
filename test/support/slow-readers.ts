// Subscribers that can stop reading, as no client does on purpose: what was sent meanwhile is read when they go on.
import { request as requestHttp, type IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import type { Answer } from './gateway.ts';
import type { Request } from './transports.ts';

export interface SlowReader {
  /** `complete`, or `cut`. */
  ended: Promise<'complete' | 'cut'>;
  pause(): void;
  resume(): void;
  /** Goes away without a word. */
  drop(): void;
}

/** Told of each answer; they are large, so nothing here keeps them. */
export type Hear = (answer: Answer) => void;

/** By the names of the transports. */
export const openSlowReader: { [name: string]: (url: string, request: Request, hear: Hear) => Promise<SlowReader> } = {
  async WebSocket(url, request, hear) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    let isComplete = false;
    const ended = new Promise<'complete' | 'cut'>((resolve) => {
      socket.on('message', (data: Buffer) => {
        const { type, payload } = JSON.parse(data.toString()) as { type: string; payload: Answer };
        if (type === 'connection_ack') socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: request }));
        if (type === 'next') hear(payload);
        if (type === 'complete') resolve('complete');
        isComplete ||= type === 'complete';
      });
      socket.on('close', () => resolve(isComplete ? 'complete' : 'cut'));
    });
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('{"type":"connection_init"}');
    return {
      ended,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      drop: () => socket.terminate(),
    };
  },

  async 'server-sent events'(url, request, hear) {
    const headers = { accept: 'text/event-stream', 'content-type': 'application/json' };
    const sent = requestHttp(`${url}/graphql/stream`, { method: 'POST', headers, agent: false });
    sent.on('error', () => {});
    sent.end(JSON.stringify(request));
    const response = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
    response.setEncoding('utf8');
    let [rest, isComplete] = ['', false];
    const ended = new Promise<'complete' | 'cut'>((resolve) => {
      response.on('data', (text: string) => {
        rest += text;
        if (!text.includes('\n')) return;
        const events = rest.split('\n\n');
        rest = events.pop() ?? '';
        for (const event of events) {
          const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(event) ?? [];
          if (name === 'next') hear(JSON.parse(data ?? '') as Answer);
          isComplete ||= name === 'complete';
        }
      });
      response.on('error', () => {});
      response.on('close', () => resolve(isComplete ? 'complete' : 'cut'));
    });
    return {
      ended,
      pause: () => response.pause(),
      resume: () => response.resume(),
      drop: () => sent.destroy(),
    };
  },
};
