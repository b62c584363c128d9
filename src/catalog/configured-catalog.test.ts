import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import type { AirbyteStream } from '../protocol/messages.ts'
import {
  buildConfiguredCatalog,
  parseConfiguredCatalog,
  type Selection,
} from './configured-catalog.ts'

function stream(name: string, ...columns: readonly string[]): AirbyteStream {
  const properties = Object.fromEntries(columns.map((column) => [column, { type: 'string' }]))
  return {
    name,
    namespace: 'public',
    json_schema: { type: 'object', properties },
    supported_sync_modes: ['full_refresh', 'incremental'],
    source_defined_cursor: false,
    default_cursor_field: [],
    source_defined_primary_key: [['id']],
    is_resumable: true,
  }
}

describe('parseConfiguredCatalog', () => {
  it('keeps the fields that the connector uses and ignores the others', () => {
    const json_schema = { type: 'object', properties: { id: { type: 'number' } } }
    const entry = {
      stream: { name: 'orders', namespace: 'shop', json_schema, is_file_based: null },
      sync_mode: 'incremental',
      destination_sync_mode: 'append_dedup',
      cursor_field: ['updated_at'],
      primary_key: [['id'], ['part']],
      generation_id: 4,
      include_files: null,
    }
    expect(parseConfiguredCatalog({ streams: [entry], more: 1 })).to.deep.equal([
      {
        stream: { name: 'orders', namespace: 'shop', json_schema },
        sync_mode: 'incremental',
        cursor_field: ['updated_at'],
        primary_key: [['id'], ['part']],
      },
    ])
  })

  const bare = {
    stream: { name: 'orders', json_schema: {} },
    sync_mode: 'full_refresh',
    cursor_field: [],
    primary_key: [],
  }
  for (const [what, entry] of [
    ['absent', { stream: { name: 'orders' } }],
    [
      'null',
      {
        stream: { name: 'orders', namespace: null, json_schema: null },
        sync_mode: null,
        cursor_field: null,
        primary_key: null,
      },
    ],
  ] as const) {
    it(`accepts optional fields that are ${what}`, () => {
      expect(parseConfiguredCatalog({ streams: [entry] })).to.deep.equal([bare])
    })
  }

  it('accepts the same name in two namespaces', () => {
    const streams = ['a', 'b', null].map((namespace) => ({ stream: { name: 'orders', namespace } }))
    expect(parseConfiguredCatalog({ streams })).to.have.length(3)
  })

  const orders = { name: 'orders', namespace: 'shop' }
  for (const [raw, expected] of [
    [{}, "has no list 'streams'"],
    [{ type: 'CATALOG', catalog: { streams: [] } }, "is not configured: it needs a list 'streams'"],
    [{ streams: {} }, "has no list 'streams'"],
    [{ streams: [] }, 'selects no streams'],
    [{ streams: [null] }, "has no 'stream' object in entry 1"],
    [{ streams: [{ stream: orders }, {}] }, "has no 'stream' object in entry 2"],
    [{ streams: [{ stream: {} }] }, 'without a name in entry 1'],
    [{ streams: [{ stream: { name: 5 } }] }, 'without a name in entry 1'],
    [{ streams: [{ stream: { name: '' } }] }, 'without a name in entry 1'],
    [
      { streams: [{ stream: { name: 'a', namespace: 1 } }] },
      "'namespace' that is not a string in 'a'",
    ],
    [
      { streams: [{ stream: { ...orders, json_schema: [] } }] },
      "'json_schema' that is not an object",
    ],
    [{ streams: [{ stream: orders, sync_mode: 'INVALID' }] }, "'sync_mode' in 'shop.orders'"],
    [{ streams: [{ stream: orders, cursor_field: 'id' }] }, "'cursor_field' of 'shop.orders'"],
    [{ streams: [{ stream: orders, primary_key: ['id'] }] }, "'primary_key' of 'shop.orders'"],
    [{ streams: [{ stream: orders, primary_key: [[1]] }] }, "'primary_key' of 'shop.orders'"],
    [{ streams: [{ stream: orders }, { stream: orders }] }, "stream 'shop.orders' twice"],
  ] as const) {
    it(`${JSON.stringify(raw)} → ${expected}`, () => {
      const error = expect(() => parseConfiguredCatalog(raw)).to.throw(ConnectorError, expected)
      error.with.property('failureType', 'config_error')
    })
  }
})

describe('buildConfiguredCatalog', () => {
  const selection: Selection = {
    table: null,
    query: null,
    syncMode: 'full_refresh',
    cursorField: null,
    primaryKey: [],
    needsCursor: true,
  }
  it('selects every stream with its source-defined primary key', () => {
    const streams = [stream('a', 'id'), stream('b', 'id')]
    const [first, second] = buildConfiguredCatalog(streams, selection)
    expect(first).to.deep.equal({
      stream: streams[0],
      sync_mode: 'full_refresh',
      cursor_field: [],
      primary_key: [['id']],
    })
    expect(second?.stream.name).to.equal('b')
  })

  it('selects full refresh for a stream without incremental mode, unless the config has a cursor for it', () => {
    const fullRefreshOnly: AirbyteStream = {
      ...stream('a', 'id'),
      supported_sync_modes: ['full_refresh'],
    }
    const streams = [fullRefreshOnly, stream('b', 'id')]
    const modes = (needsCursor: boolean): readonly string[] =>
      buildConfiguredCatalog(streams, {
        ...selection,
        syncMode: 'incremental',
        needsCursor,
      }).map(({ sync_mode: mode }) => mode)
    expect(modes(false)).to.deep.equal(['full_refresh', 'incremental'])
    expect(modes(true)).to.deep.equal(['incremental', 'incremental'])
  })

  it('uses sync mode, cursor and primary key of the config', () => {
    const given = { syncMode: 'incremental', cursorField: 'at', primaryKey: ['k', 'l'] } as const
    const [only] = buildConfiguredCatalog([stream('a', 'at', 'k', 'l')], { ...selection, ...given })
    expect(only?.sync_mode).to.equal('incremental')
    expect(only?.cursor_field).to.deep.equal(['at'])
    expect(only?.primary_key).to.deep.equal([['k'], ['l']])
  })

  for (const [cursorField, columns, expected] of [
    ['o.updated_at', ['updated_at'], 'updated_at'],
    ['public.o.updated_at', ['updated_at'], 'updated_at'],
    ['o.updated_at', ['updated_at', 'o.updated_at'], 'o.updated_at'],
    ['o.gone', ['updated_at'], 'o.gone'],
    ['gone', ['updated_at'], 'gone'],
    ['toString', ['updated_at'], 'toString'],
  ] as const) {
    it(`cursor ${cursorField} among ${columns.join(', ')} → ${expected}`, () => {
      const config = { ...selection, syncMode: 'incremental', cursorField } as const
      const [only] = buildConfiguredCatalog([stream('a', ...columns)], config)
      expect(only?.cursor_field).to.deep.equal([expected])
    })
  }

  for (const [table, query, expected] of [
    [null, null, ['orders', 'query']],
    [null, 'SELECT 1', ['query']],
    ['orders', 'SELECT 1', ['orders', 'query']],
  ] as const) {
    it(`table ${table}, query ${query} → ${expected.join(', ')}`, () => {
      const streams = [stream('orders'), stream('query')]
      const configured = buildConfiguredCatalog(streams, { ...selection, table, query })
      expect(configured.map((entry) => entry.stream.name)).to.deep.equal(expected)
    })
  }
})
