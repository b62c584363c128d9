import { expect } from 'chai'
import { completedLine, progressLine, type StreamProgress } from './progress-text.ts'

const HALF: StreamProgress = {
  name: 'public.orders',
  rows: 1_000_000,
  bytes: 250_000_000,
  elapsedMs: 2000,
  estimatedRows: 2_000_000,
  complete: 1,
  streams: 3,
}

describe('progressLine', () => {
  it('shows rows, share, speed, remaining time and the number of streams', () => {
    expect(progressLine(HALF, 100)).to.equal(
      'public.orders  50%  1,000,000 rows  500,000 rows/s  125.0 MB/s  ETA 0:02  1/3 streams done',
    )
  })

  it('shows a bar on a wide terminal', () => {
    expect(progressLine(HALF, 200)).to.include('[############------------]  50%')
  })

  it('omits values without statistics', () => {
    const line = progressLine({ ...HALF, estimatedRows: null }, 100)
    expect(line).to.not.match(/%|ETA/)
  })

  it('shows at most 99 %', () => {
    expect(progressLine({ ...HALF, rows: 5_000_000 }, 100)).to.include('99%')
  })

  it('is narrower than the terminal for any stream name', () => {
    const name = `a_schema_with_a_long_name.${'ü'.repeat(63)}`
    for (let columns = 1; columns <= 220; columns++) {
      const line = progressLine({ ...HALF, name }, columns)
      expect(Array.from(line).length, `${columns} columns`).to.be.at.most(Math.max(columns - 1, 1))
    }
  })

  it('keeps share, rows and speed at 80 columns', () => {
    const line = progressLine({ ...HALF, name: 'n'.repeat(63) }, 80)
    expect(line).to.match(/^n+…\s+50%\s+1,000,000 rows\s+500,000 rows\/s\s+125\.0 MB\/s/)
  })

  it('shows no speed before the first row', () => {
    const line = progressLine({ ...HALF, rows: 0, bytes: 0 }, 100)
    expect(line).to.equal('public.orders  0%  0 rows  1/3 streams done')
  })

  it('shows hours', () => {
    const slow = { ...HALF, rows: 1000, estimatedRows: 2_000_000, elapsedMs: 10_000 }
    expect(progressLine(slow, 100)).to.include('ETA 5:33:10')
  })
})

describe('completedLine', () => {
  it('shows rows, time and speed, in columns', () => {
    expect(completedLine({ ...HALF, elapsedMs: 62_000 }, 80, 15)).to.equal(
      'public.orders     1,000,000 rows   1:02  16,129 rows/s  4.0 MB/s',
    )
    expect(
      completedLine({ ...HALF, rows: 50, elapsedMs: 400, name: 'public.items_x' }, 80, 15),
    ).to.equal('public.items_x           50 rows  0.4 s')
  })

  it('omits padding without an ellipsis', () => {
    expect(completedLine({ ...HALF, elapsedMs: 400 }, 45, 60)).to.equal(
      'public.orders          1,000,000 rows  0.4 s',
    )
  })
})
