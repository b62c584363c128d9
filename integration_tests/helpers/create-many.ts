import type { TestDatabase } from './database.ts'

/**
 * Runs `count` statements built by `format(…)`, `batch` per transaction, which holds its locks to
 * its end.
 */
export async function createMany(
  db: TestDatabase,
  count: number,
  format: string,
  batch = 500,
): Promise<void> {
  await db.sql(
    `DO $$ BEGIN
       FOR i IN 1..${count} LOOP
         EXECUTE format(${format});
         IF i % ${batch} = 0 THEN COMMIT; END IF;
       END LOOP;
     END $$`,
  )
}
