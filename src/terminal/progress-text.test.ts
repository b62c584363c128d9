import { expect } from 'chai'
import stringWidth from 'string-width'
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

function terminal(columns: number) {
  return { columns, widthOf: stringWidth }
}

describe('progressLine', () => {
  it('shows rows, share, speed, remaining time and the number of streams', () => {
    expect(progressLine(HALF, terminal(100))).to.equal(
      'public.orders  50%  1,000,000 rows  500,000 rows/s  125.0 MB/s  ETA 0:02  1/3 streams done',
    )
  })

  it('shows a bar on a wide terminal', () => {
    expect(progressLine(HALF, terminal(200))).to.include('[############------------]  50%')
  })

  it('omits values without statistics', () => {
    const line = progressLine({ ...HALF, estimatedRows: null }, terminal(100))
    expect(line).to.not.match(/%|ETA/)
  })

  it('shows at most 99 %', () => {
    expect(progressLine({ ...HALF, rows: 5_000_000 }, terminal(100))).to.include('99%')
  })

  it('is narrower than the terminal for any stream name', () => {
    for (const letter of ['ü', '漢', '👨‍👩‍👧', 'e\u0301']) {
      const name = `a_schema_with_a_long_name.${letter.repeat(63)}`
      for (let columns = 1; columns <= 220; columns += 3) {
        for (const line of [
          progressLine({ ...HALF, name }, terminal(columns)),
          completedLine({ ...HALF, name }, terminal(columns), 160),
        ]) {
          expect(stringWidth(line), `${columns} columns`).to.be.at.most(Math.max(columns - 1, 1))
        }
      }
    }
  })

  it('keeps share, rows and speed at 80 columns', () => {
    const line = progressLine({ ...HALF, name: 'n'.repeat(63) }, terminal(80))
    expect(line).to.match(/^n+…\s+50%\s+1,000,000 rows\s+500,000 rows\/s\s+125\.0 MB\/s/)
  })

  it('shows no speed before the first row', () => {
    const line = progressLine({ ...HALF, rows: 0, bytes: 0 }, terminal(100))
    expect(line).to.equal('public.orders  0%  0 rows  1/3 streams done')
  })

  it('shows hours', () => {
    const slow = { ...HALF, rows: 1000, estimatedRows: 2_000_000, elapsedMs: 10_000 }
    expect(progressLine(slow, terminal(100))).to.include('ETA 5:33:10')
  })
})

describe('completedLine', () => {
  it('shows rows, time and speed, in columns', () => {
    expect(completedLine({ ...HALF, elapsedMs: 62_000 }, terminal(80), 15)).to.equal(
      'public.orders     1,000,000 rows   1:02  16,129 rows/s  4.0 MB/s',
    )
    expect(
      completedLine(
        { ...HALF, rows: 50, elapsedMs: 400, name: 'public.items_x' },
        terminal(80),
        15,
      ),
    ).to.equal('public.items_x           50 rows  0.4 s')
  })

  it('omits padding without an ellipsis', () => {
    expect(completedLine({ ...HALF, elapsedMs: 400 }, terminal(45), 60)).to.equal(
      'public.orders          1,000,000 rows  0.4 s',
    )
  })
})
