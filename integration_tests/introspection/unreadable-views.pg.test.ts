import { expect } from 'chai'
import { ident } from '../../src/sql.ts'
import { withConnector } from '../helpers/connector.ts'
import { errorsOf } from '../helpers/consumer.ts'
import { TestDatabase } from '../helpers/database.ts'
import { LoginRole } from '../helpers/login-role.ts'
import { configuredCatalog } from '../helpers/messages.ts'
import { Session } from '../helpers/session.ts'

const MAJOR_WITH_SECURITY_INVOKER = 15

/**
 * Builds views on tables of which the reader may read less, or more, than the owner of the view.
 */
function setup(reader: string, owner: string, major: number): string {
  const invoker = `
    CREATE VIEW app.by_invoker WITH (security_invoker = on) AS SELECT id FROM hidden.t;
    CREATE VIEW app.by_invoker_of_visible WITH (security_invoker) AS SELECT id FROM app.visible;
    CREATE VIEW app.of_invoker AS SELECT id FROM app.by_invoker;
    CREATE VIEW app.not_by_invoker WITH (security_invoker = false) AS SELECT id FROM hidden.t;`
  return `
    CREATE SCHEMA app; CREATE SCHEMA hidden;
    CREATE TABLE hidden.t (id int, secret text); CREATE TABLE app.visible (id int, note text);
    CREATE TABLE hidden.columns (id int, secret text); CREATE TABLE hidden.parent (id int) PARTITION BY LIST (id);
    CREATE VIEW app.fine AS SELECT id, secret FROM hidden.t;
    CREATE VIEW app.constant AS SELECT 1 AS id;
    CREATE VIEW app.of_nothing_but_rows AS SELECT count(*) AS rows FROM hidden.columns;
    CREATE VIEW app.of_granted_column AS SELECT c.id FROM hidden.columns AS c WHERE c.id > 0;
    CREATE VIEW app.of_other_column AS SELECT c.id FROM hidden.columns AS c WHERE c.secret > '';
    CREATE VIEW app.of_partitioned AS SELECT id FROM hidden.parent;
    CREATE VIEW app.without_rights AS SELECT id FROM hidden.t;
    CREATE VIEW app.nested AS SELECT id FROM app.without_rights;
    CREATE VIEW app.in_subquery AS SELECT 1 AS a WHERE EXISTS (SELECT FROM hidden.t);
    CREATE MATERIALIZED VIEW app.filled AS SELECT id FROM hidden.t;
    CREATE MATERIALIZED VIEW app.never_filled AS SELECT id FROM hidden.t WITH NO DATA;
    CREATE VIEW app.of_never_filled AS SELECT id FROM app.never_filled;
    ${major >= MAJOR_WITH_SECURITY_INVOKER ? invoker : ''}
    GRANT USAGE ON SCHEMA app TO ${reader}, ${owner};
    GRANT SELECT ON ALL TABLES IN SCHEMA app TO ${reader};
    GRANT SELECT (id) ON hidden.columns TO ${owner};
    ${[
      'of_nothing_but_rows',
      'of_granted_column',
      'of_other_column',
      'of_partitioned',
      'without_rights',
      'in_subquery',
      'filled',
    ]
      .map((view) => `ALTER TABLE app.${view} OWNER TO ${owner};`)
      .join('\n')}
    GRANT SELECT ON app.without_rights TO ${reader}`
}

/** Views of `app` that the role can and cannot read, found by reading them. */
async function tryAll(db: TestDatabase, role: LoginRole): Promise<Record<string, boolean>> {
  const views = await db.sql(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('v', 'm')`,
  )
  await using session = await Session.open({
    ...db.server.connectionConfig(db.name),
    user: role.name,
    password: role.password,
  })
  const results: Record<string, boolean> = {}
  for (const { name } of views) {
    const read = session.sql(`SELECT * FROM app.${ident(name ?? '')}`)
    results[name ?? ''] = await read.then(
      () => true,
      () => false,
    )
  }
  return results
}

describe('views that cannot be read', () => {
  it('are left out by discover and named by check, and no other view is', async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    const owner = ident(`Owner ${db.name}`)
    await db.sql(`CREATE ROLE ${owner}`)
    try {
      await db.sql(setup(ident(role.name), owner, db.server.major))
      const expected = await tryAll(db, role)
      expect(expected).to.include({ fine: true, without_rights: false, never_filled: false })
      await using connector = await withConnector(role.config({ schemas: ['app'] }))
      const run = await connector.discover()
      const found = new Set(run.catalog?.streams.map(({ name }) => name))
      const actual = Object.fromEntries(
        Object.keys(expected).map((name) => [name, found.has(name)]),
      )
      expect(actual).to.deep.equal(expected)
      const { connectionStatus, logs } = await connector.check()
      expect(connectionStatus?.status).to.equal('SUCCEEDED')
      for (const [name, isReadable] of Object.entries(expected)) {
        const named = logs.filter(({ message }) => message.includes(`iew 'app.${name}' `))
        expect(named.length > 0, name).to.equal(!isReadable)
      }
    } finally {
      await db.sql(`DROP OWNED BY ${owner} CASCADE; DROP ROLE ${owner}`)
    }
  })

  it('as the only table of the config → check and read report the reason', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`CREATE TABLE t (id int);
                  CREATE MATERIALIZED VIEW m AS SELECT id FROM t WITH NO DATA`)
    await using connector = await withConnector(db.config({ table: 'm' }))
    const reason =
      "Materialized view 'public.m' has not been populated. " +
      'Run REFRESH MATERIALIZED VIEW "public"."m".'
    const { connectionStatus } = await connector.check()
    expect(connectionStatus?.status).to.equal('FAILED')
    expect(connectionStatus?.message).to.include(reason)
    const streams = [
      { stream: { name: 'm', namespace: 'public', json_schema: {} }, sync_mode: 'full_refresh' },
    ]
    for (const input of [{}, { catalog: { streams } }]) {
      expect(errorsOf(await connector.read(input))).to.deep.equal([`config_error: ${reason}`])
    }
  })

  it('are found with the same number of queries, however many there are', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`ALTER DATABASE ${db.name} SET log_statement = 'all'`)
    await db.sql('CREATE TABLE t (id int); CREATE VIEW v0 AS SELECT * FROM t')
    await using connector = await withConnector(db.config())
    const queries = async (): Promise<number> => {
      const logged = (await db.server.log()).length
      await connector.catalog()
      const log = (await db.server.log()).slice(logged)
      return [...log.matchAll(/LOG: {2}(?:statement|execute)/g)].length
    }
    const one = await queries()
    for (let i = 1; i <= 30; i++) await db.sql(`CREATE VIEW v${i} AS SELECT * FROM v${i - 1}`)
    expect(one).to.be.greaterThan(0)
    expect(await queries()).to.equal(one)
  })

  it('with check_privileges off → nothing is left out', async () => {
    await using db = await TestDatabase.create()
    await db.sql('CREATE MATERIALIZED VIEW m AS SELECT 1 AS id WITH NO DATA')
    await using connector = await withConnector(db.config({ check_privileges: false }))
    const catalog = configuredCatalog(await connector.catalog())
    expect(catalog['streams']).to.have.length(1)
  })
})
