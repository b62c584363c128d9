import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import { streamLabel } from '../protocol/stream-names.ts'
import { meaningsOf, selectStreams, unknownNames } from './select-streams.ts'

const STREAMS = [
  ['public', 'orders'],
  ['public', 'order_items'],
  ['sales', 'orders'],
  ['public', 'dotted.name'],
].map(([namespace = '', name = '']) => ({ stream: { namespace, name } }))

describe('meaningsOf', () => {
  it('are all streams that can have this name', () => {
    expect(meaningsOf('a.b.c')).to.deep.equal([
      { name: 'a.b.c' },
      { namespace: 'a', name: 'b.c' },
      { namespace: 'a.b', name: 'c' },
    ])
    for (const { stream } of STREAMS) {
      for (const wanted of [stream.name, streamLabel(stream)]) {
        expect(unknownNames([{ stream }], [wanted])).to.deep.equal([])
        expect(meaningsOf(wanted).map(({ name }) => name)).to.include(stream.name)
      }
    }
  })
})

describe('selectStreams', () => {
  for (const [wanted, expected] of [
    [[], ['public.orders', 'public.order_items', 'sales.orders', 'public.dotted.name']],
    [['orders'], ['public.orders', 'sales.orders']],
    [['sales.orders'], ['sales.orders']],
    [
      ['order_items', 'sales.orders'],
      ['public.order_items', 'sales.orders'],
    ],
    [['dotted.name'], ['public.dotted.name']],
  ] as const) {
    it(`${JSON.stringify(wanted)} → ${expected.join(', ')}`, () => {
      const selected = selectStreams(STREAMS, wanted)
      expect(selected.map(({ stream }) => streamLabel(stream))).to.deep.equal(expected)
    })
  }

  for (const [wanted, message] of [
    ['oders', "no stream 'oders' to read. Did you mean 'public.orders', 'sales.orders'?"],
    ['Public.Orders', "Did you mean 'public.orders'"],
    ['public.ordr_items', "Did you mean 'public.order_items'"],
    [
      'invoices',
      "Choose one of: 'public.orders', 'public.order_items', 'sales.orders', 'public.dotted.",
    ],
  ] as const) {
    it(`${wanted}: ${message}`, () => {
      expect(() => selectStreams(STREAMS, [wanted])).to.throw(ConnectorError, message)
    })
  }

  it('reports the number of streams if there are too many to list', () => {
    const many = Array.from({ length: 70 }, (_, n) => ({ stream: { name: `table_number_${n}` } }))
    expect(() => selectStreams(many, ['x'])).to.throw('… (70 streams)')
  })

  it('reports that there are no streams', () => {
    expect(() => selectStreams([], ['x'])).to.throw("no stream 'x' to read. There are none.")
  })
})
