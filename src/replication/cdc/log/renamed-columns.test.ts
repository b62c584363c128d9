import { expect } from 'chai'
import { findRenamed } from './renamed-columns.ts'

/** Parses `a` as a column of type 1, `a:2` as one of type 2, `-` as a dropped one. */
function attribute(text: string) {
  const [name, typeOid = '1'] = text.split(':')
  const isDropped = name === '-'
  return { name: name!, isDropped, typeOid: isDropped ? 0 : Number(typeOid) }
}

const CASES: readonly (readonly [string, string, string, string, string])[] = [
  ['nothing has changed', 'id a b', 'id a b', '', ''],
  ['the key was renamed', 'id a b', 'key a b', 'id=key', ''],
  ['a column in the middle was renamed', 'id a b', 'id c b', 'a=c', ''],
  ['the last column was renamed', 'id a b', 'id a c', 'b=c', ''],
  ['all columns were renamed', 'a b c', 'x y z', 'a=x b=y c=z', ''],
  ['a column was added', 'id a', 'id a b', '', ''],
  ['the last column was renamed, then one was added', 'id a', 'id c d', 'a=c', ''],
  ['a column was dropped', 'id a b', 'id - b', '', ''],
  ['the last column was dropped', 'id a', 'id -', '', ''],
  ['a column was dropped earlier, one renamed', 'id b', 'key - b', 'id=key', ''],
  ['a column was dropped, its neighbour renamed', 'id a b c', 'id - x c', 'b=x', ''],
  ['a column was dropped before or after', 'id a b', 'id - x - b', 'a=x', ''],
  ['one was dropped and one added at the end', 'id a', 'id - b', '', 'b'],
  ['the last was renamed and has another type', 'id a', 'id b:2', '', 'b'],
  ['two columns swapped their names', 'id a b', 'id b a', 'a=b b=a', ''],
  ['columns of several types swapped their names', 'id a b:2', 'id b a:2', 'a=b b=a', ''],
  ['three columns swapped their names, and one was added', 'a b c', 'c a b d', 'a=c b=a c=b', ''],
  ['one was dropped and added again behind another one', 'id a b', 'id - b a', '', ''],
  ['a name was taken over by a column that was added', 'id a b', 'id c b a', '', ''],
]

describe('the current names of columns in the log', () => {
  for (const [name, earlier, today, renamed, uncertain] of CASES) {
    it(name, () => {
      const found = findRenamed(earlier.split(' ').map(attribute), today.split(' ').map(attribute))
      const pairs = [...found.renamed].map(([then, now]) => `${then}=${now}`)
      expect([pairs.join(' '), found.uncertain.join(' ')]).to.deep.equal([renamed, uncertain])
    })
  }
})
