import { expect } from 'chai'
import { estimateRowsPerPage, planWindows } from './page-windows.ts'

describe('planWindows', () => {
  it('covers all pages once and leaves the end open', () => {
    const windows = planWindows({ start: 3, pages: 25, rowsPerPage: 105, batchRows: 1000 })
    expect(windows).to.deep.equal([
      { start: 3, end: 13 },
      { start: 13, end: 23 },
      { start: 23, end: null },
    ])
  })

  it('of an empty relation is one open window', () => {
    const windows = planWindows({ start: 0, pages: 0, rowsPerPage: 100, batchRows: 1000 })
    expect(windows).to.deep.equal([{ start: 0, end: null }])
  })

  it('stops at as many windows as one query takes', () => {
    const windows = planWindows({ start: 0, pages: 1000, rowsPerPage: 100, batchRows: 50 })
    expect(windows).to.have.length(32)
    expect(windows.at(-1)).to.deep.equal({ start: 31, end: 32 })
  })

  it('has at least a page and at most 128 MiB in a window', () => {
    const narrow = planWindows({ start: 0, pages: 9, rowsPerPage: 1e6, batchRows: 1 })
    expect(narrow[0]).to.deep.equal({ start: 0, end: 1 })
    const wide = planWindows({ start: 0, pages: 1e6, rowsPerPage: 0.001, batchRows: 10_000 })
    expect(wide[0]).to.deep.equal({ start: 0, end: 16_384 })
  })
})

describe('estimateRowsPerPage', () => {
  for (const [rows, pages, expected] of [
    [500, 5, 100],
    [-1, 1, 100],
    [0, 0, 100],
    [1, 1e6, 1 / 1024],
  ] as const) {
    it(`${rows} rows on ${pages} pages → ${expected}`, () => {
      expect(estimateRowsPerPage(rows, pages)).to.equal(expected)
    })
  }
})
