// The rows of the table, in its order.
import type { Bench } from './contenders.ts';
import type { Measurement } from './report.ts';
import { activeRecords } from './rows/active-records.ts';
import { fanOut } from './rows/fan-out.ts';
import { heap } from './rows/heap.ts';
import { latency } from './rows/latency.ts';
import { mutation } from './rows/mutation.ts';
import { pollRequests } from './rows/poll-requests.ts';
import { queryMemory, queryUpstream } from './rows/query.ts';
import { soak } from './rows/soak.ts';
import { sweepRequests } from './rows/sweep-requests.ts';

export interface Row {
  name: string;
  title: string;
  run: (bench: Bench) => Promise<Measurement>;
}

export const rows: readonly Row[] = [
  { name: 'poll-requests', title: 'Graph requests to poll active operations once', run: pollRequests },
  { name: 'sweep-requests', title: 'Graph requests to learn that nothing changed', run: sweepRequests },
  { name: 'query-upstream', title: 'One operation queried, each server as it would do it', run: queryUpstream },
  { name: 'query-memory', title: 'One operation queried, all from memory', run: queryMemory },
  { name: 'mutation', title: 'CPU of a mutation through to Graph', run: mutation },
  { name: 'fan-out', title: 'One change to 5,000 identical subscribers', run: fanOut },
  { name: 'heap', title: 'Heap of an idle subscriber', run: heap },
  { name: 'latency', title: 'From the poll to the last of 1,000 subscribers', run: latency },
  { name: 'active-records', title: 'Active operations that are followed', run: activeRecords },
  { name: 'soak', title: 'Nothing lost, nothing reordered', run: soak },
];
