// What a viewer sees, in SQL: the own records, those shared with the subject, and for an admin all of the tenant.
import { toSubjectKey, type Viewer } from './record.ts';
import type { Dialect, Value } from './sql-driver.ts';
import { tenantAndKind } from './sql-ownership-schema.ts';
import { toMail, toText } from './sql-rows.ts';
import { createColumns } from './sql-statements.ts';
import type { ListQuery } from './store.ts';

/** @returns a viewer as parameters: tenant, subject, the subject as it is compared in grants, and 1 for an admin. */
export function toViewerParams({ tenantId, subject, isAdmin }: Viewer): [string, string, string, number] {
  return [toText(tenantId), toText(subject), toText(toSubjectKey(subject)), isAdmin ? 1 : 0];
}

export function createVisibleStatements(dialect: Dialect) {
  const { each, among } = dialect;
  const { columns } = createColumns(dialect);
  const newestFirst = 'order by created_at desc, id desc';

  return {
    // By the ids alone first: an engine may prefer to look through all that the viewer sees. Who may see a record is judged
    // before its large columns are read, so that another's takes no longer than an absent one.
    find: `
      with known as materialized (
        select id, kind, tenant_id, subject, call_id from record
        where ${among('id', 'select id from record where id = $1 union all select id from record where graph_id = $1')}
      ), seen as materialized (
        select id from known
        where kind = $2 and (cast($3 as text) is null or call_id = $3) and tenant_id = $4 and (
          subject = $5 or cast($7 as integer) = 1
          or exists (select 1 from record_grant where record_id = known.id and record_grant.subject = $6)
        )
      )
      select ${columns} from record where ${among('id', 'select id from seen')}
      ${newestFirst} limit 1`,

    /**
     * What costs time is what the viewer sees, never what others have: each kind of viewer goes along indexes of its own, in the
     * order of the list. The own and the shared records are two such ways, each as long as the page.
     */
    list(query: ListQuery): [string, Value[]] {
      const { kind, viewer, states, callId, invitedUserEmailAddress, first, after } = query;
      const params: Value[] = [];
      const add = (value: Value) => `$${params.push(value)}`;
      const [tenantId, ofSubject, toSubject] = toViewerParams(viewer);
      const limit = add(first);
      const call = callId === undefined ? undefined : add(toText(callId));
      const mail = invitedUserEmailAddress === undefined ? undefined : add(toMail(invitedUserEmailAddress));
      const state = states && add(JSON.stringify(states.map((word) => ({ state: word }))));
      const position = after && `(${add(Number(after.createdAt))}, ${add(toText(after.id))})`;

      /** Position and call are looked for in the table that the way goes along. */
      const where = (way: string, id: string, conditions: readonly string[]) =>
        [
          ...conditions,
          `(record.reason is null or record.reason not in ('refused', 'notSent'))`,
          ...(state ? [among('record.state', `select value ->> 'state' from ${each(state)} as r`)] : []),
          ...(call ? [`${way}.call_id = ${call}`] : []),
          ...(mail ? [`record.mail = ${mail}`] : []),
          ...(position ? [`(${way}.created_at, ${way}.${id}) < ${position}`] : []),
        ].join(' and ');
      const ofRecord = (conditions: readonly string[]) =>
        `select ${columns} from record where ${where('record', 'id', conditions)} ${newestFirst} limit ${limit}`;
      if (viewer.isAdmin) return [ofRecord([`${tenantAndKind} = ${add(`${tenantId} ${kind}`)}`]), params];
      const [tenant, subject, subjectKey, ofKind] = [tenantId, ofSubject, toSubject, kind].map(add);
      const own = [`record.tenant_id = ${tenant}`, `record.subject = ${subject}`, `record.kind = ${ofKind}`];
      const granted = [
        `record_grant.tenant_id = ${tenant}`,
        `record_grant.subject = ${subjectKey}`,
        `record_grant.kind = ${ofKind}`,
        `record.subject <> ${subject}`,
      ];
      const shared = `
        select ${columns} from record_grant join record on record.id = record_grant.record_id
        where ${where('record_grant', 'record_id', granted)}
        order by record_grant.created_at desc, record_grant.record_id desc limit ${limit}`;
      const text = `
        select * from (${ofRecord(own)}) as own union all select * from (${shared}) as shared
        ${newestFirst} limit ${limit}`;
      return [text, params];
    },
  };
}
