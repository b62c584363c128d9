import { expect } from 'chai'
import { estimateRowsPerPage, planWindows } from './page-windows.ts'

const MANY = { start: 0, last: null, maxWindows: 99 }

describe('planWindows', () => {
  it('covers all pages once, with an open end', () => {
    const facts = { ...MANY, pages: 25, rowsPerPage: 105, batchRows: 1000 }
    expect(planWindows({ ...facts, start: 3 })).to.deep.equal([
      { start: 3, end: 13 },
      { start: 13, end: 23 },
      { start: 23, end: null },
    ])
  })

  it('ends at the last page of a shard', () => {
    const facts = { ...MANY, pages: 25, rowsPerPage: 105, batchRows: 1000 }
    expect(planWindows({ ...facts, start: 3, last: 15 })).to.deep.equal([
      { start: 3, end: 13 },
      { start: 13, end: 15 },
    ])
  })

  it('is one open window for an empty relation', () => {
    const windows = planWindows({ ...MANY, pages: 0, rowsPerPage: 100, batchRows: 1000 })
    expect(windows).to.deep.equal([{ start: 0, end: null }])
  })

  it('returns at most the requested number of windows', () => {
    const facts = { ...MANY, pages: 1000, rowsPerPage: 100, batchRows: 50 }
    const windows = planWindows({ ...facts, maxWindows: 32 })
    expect(windows).to.have.length(32)
    expect(windows.at(-1)).to.deep.equal({ start: 31, end: 32 })
  })

  it('has at least one page per window', () => {
    const [first] = planWindows({ ...MANY, pages: 9, rowsPerPage: 1e6, batchRows: 1 })
    expect(first).to.deep.equal({ start: 0, end: 1 })
  })

  it('has at most 2 MiB per window, and whole batches in several windows', () => {
    const batch = planWindows({ ...MANY, pages: 1e6, rowsPerPage: 10, batchRows: 10_000 })
    expect(batch.slice(0, 5).map(({ end }) => end)).to.deep.equal([210, 420, 630, 840, 1050])
    const sparse = planWindows({ ...MANY, pages: 1e6, rowsPerPage: 0.001, batchRows: 10_000 })
    expect(sparse[0]).to.deep.equal({ start: 0, end: 256 })
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
