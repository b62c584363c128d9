import { expect } from 'chai'
import { partName, partOf, safeName } from './part-names.ts'

describe('safeName', () => {
  for (const [namespace, name, expected] of [
    ['public', 'orders', 'public.orders'],
    ['public', 'Orders_2-b', 'public.Orders_2-b'],
    ['public', 'a.b', 'public.a%2Eb'],
    ['a.b', 'c', 'a%2Eb.c'],
    ['public', '../../etc/passwd', 'public.%2E%2E%2F%2E%2E%2Fetc%2Fpasswd'],
    ['public', 'with space\n', 'public.with%20space%0A'],
    ['public', '100%', 'public.100%25'],
    ['public', 'Größe', 'public.Größe'],
    ['public', '订单', 'public.订单'],
    ['public', '🦣', 'public.%F0%9F%A6%A3'],
  ] as const) {
    it(`${JSON.stringify([namespace, name])} → ${expected}`, () => {
      expect(safeName({ namespace, name })).to.equal(expected)
    })
  }

  it('limits the length of file names and keeps long names unique', () => {
    const names = ['!', '?'].map((last) =>
      safeName({ namespace: '!'.repeat(63), name: '.'.repeat(62) + last }),
    )
    expect(new Set(names).size).to.equal(2)
    for (const name of names) expect(Buffer.byteLength(name)).to.be.at.most(200)
  })
})

describe('partOf', () => {
  for (const part of [1, 2, 10, 123_456_789]) {
    it(`recognizes part ${part}`, () => {
      expect(partOf('public.orders', partName('public.orders', part))).to.equal(part)
    })
  }
  for (const file of [
    'public.orders',
    'public.orders.1.arrow',
    'public.orders.02.arrow',
    'public.orders.2.arrow.partial',
    'public.orders%2E2.arrow',
    'public.orders2.arrow',
    'other.arrow',
  ]) {
    it(`does not recognize ${file} as a part`, () => {
      expect(partOf('public.orders', file)).to.equal(null)
    })
  }
})
