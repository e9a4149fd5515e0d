/** Ids, tickets and chance, reproducible by seed and never repeated after a restart. */
import { hash } from 'node:crypto';

export interface RandomIds {
  /** For things that are stored: takes from the persisted count. */
  nextId(): string;
  nextTicket(): string;
  /** Always the same id for the same name. */
  idOf(name: string): string;
  /** For one answer only: not persisted, yet different in every run. */
  passingId(): string;
  /** From 0 up to, but not including, 1. */
  chance(): number;
}

export interface IdCount {
  /** First number that no earlier run has used. */
  start: number;
  /** Which start of the emulator on this state this is. */
  run: number;
  /** Called before any number from `start` up to `end` is used. */
  reserve(end: number): void;
}

const BLOCK = 1000;

export function createRandomIds(seed: number, count: IdCount): RandomIds {
  let next = count.start;
  let reserved = count.start;
  let passing = 0;

  const digest = (name: string): string => hash('sha256', `${seed}:${name}`, 'hex');
  const take = (): number => {
    if (next >= reserved) {
      reserved = next + BLOCK;
      count.reserve(reserved);
    }
    return next++;
  };
  const fleeting = (): string => digest(`run:${count.run}:${passing++}`);

  return {
    nextId: () => toUuid(digest(`id:${take()}`)),
    nextTicket: () => hash('sha256', `${seed}:ticket:${take()}`, 'base64url'),
    idOf: (name) => toUuid(digest(`name:${name}`)),
    passingId: () => toUuid(fleeting()),
    chance: () => Number.parseInt(fleeting().slice(0, 8), 16) / 2 ** 32,
  };
}

function toUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
