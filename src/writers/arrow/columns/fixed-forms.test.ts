import { expect } from 'chai'
import * as forms from './fixed-forms.ts'

const EPOCH_MICROS = BigInt(Date.UTC(2000, 0, 1)) * 1000n

function put(form: forms.FixedForm, field: Buffer): Buffer | null {
  const target = Buffer.alloc(form.width)
  const view = new DataView(target.buffer, target.byteOffset, target.length)
  const source = new DataView(field.buffer, field.byteOffset, field.length)
  return form.put(view, 0, source, 0, field.length) ? target : null
}

function int8(value: bigint): Buffer {
  const field = Buffer.alloc(8)
  field.writeBigInt64BE(value)
  return field
}

describe('timestamps', () => {
  for (const [name, form, perMicro] of [
    ['TIMESTAMP_NS', forms.TIMESTAMP_NS, 1000n],
    ['TIMESTAMP_US', forms.TIMESTAMP_US, 1n],
  ] as const) {
    const max = (2n ** 63n - 1n) / perMicro - EPOCH_MICROS
    const min = -(2n ** 63n) / perMicro - EPOCH_MICROS
    const lowest = min < -(2n ** 63n) + 1n ? -(2n ** 63n) + 1n : min
    for (const micros of [0n, 1n, -1n, -EPOCH_MICROS, max, max - 1n, lowest, lowest + 1n]) {
      it(`${name} is exact at ${micros} µs`, () => {
        const value = put(form, int8(micros))?.readBigInt64LE()
        expect(value).to.equal((micros + EPOCH_MICROS) * perMicro)
      })
    }
    for (const micros of [max + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      it(`${name} cannot represent ${micros} µs`, () => {
        expect(put(form, int8(micros))).to.equal(null)
      })
    }
    it(`${name} is exact over its whole range`, () => {
      for (let i = 0n; i < 2000n; i++) {
        const micros = lowest + ((max - lowest) * i) / 2000n
        expect(put(form, int8(micros))?.readBigInt64LE()).to.equal(
          (micros + EPOCH_MICROS) * perMicro,
        )
      }
    })
  }

  it('TIMESTAMP_NS cannot represent timestamps before 1677', () => {
    const min = -(2n ** 63n) / 1000n - EPOCH_MICROS
    expect(put(forms.TIMESTAMP_NS, int8(min - 1n))).to.equal(null)
  })
})

describe('integers', () => {
  for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n]) {
    it(`int8 ${value}`, () => {
      expect(put(forms.INT8, int8(value))?.readBigInt64LE()).to.equal(value)
    })
  }
  for (const [name, form, hex, expected] of [
    ['int2', forms.INT2, '8000', -32_768n],
    ['int2', forms.INT2, '7fff', 32_767n],
    ['int4', forms.INT4, '80000000', -2_147_483_648n],
    ['int4', forms.INT4, '7fffffff', 2_147_483_647n],
    ['oid', forms.OID, 'ffffffff', 4_294_967_295n],
  ] as const) {
    it(`${name} → ${expected}`, () => {
      expect(put(form, Buffer.from(hex, 'hex'))?.readBigInt64LE()).to.equal(expected)
    })
  }
  it('a field of another size throws a RangeError', () => {
    for (const form of Object.values(forms)) {
      if (typeof form === 'object') expect(() => put(form, Buffer.alloc(3))).to.throw(RangeError)
    }
  })
})

describe('DATE', () => {
  for (const [hex, expected] of [
    ['00000000', 10_957],
    ['ffffd533', 0],
    ['7fffffff', null],
    ['80000000', null],
  ] as const) {
    it(`${hex} → ${expected}`, () => {
      expect(put(forms.DATE, Buffer.from(hex, 'hex'))?.readInt32LE() ?? null).to.equal(expected)
    })
  }
})
