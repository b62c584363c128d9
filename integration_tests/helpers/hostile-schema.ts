import { ident } from '../../src/sql.ts'
import type { TestDatabase } from './database.ts'

/** Pseudo-types that are allowed as arguments of a PL/pgSQL function. */
const POLYMORPHIC = `'{anyelement,anyarray,anynonarray,anyenum,anyrange}'::text[]`

/**
 * Fills the schema `hostile` with objects that have names of pg_catalog: domains that accept no
 * value, and functions and operators that raise an error. `schema` is one whose types also get such
 * operators.
 */
function hostileSql(schema: string): string {
  return `
    CREATE SCHEMA hostile;
    CREATE FUNCTION hostile.raise_count(int8) RETURNS int8 LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'hostile count'; END $$;
    CREATE AGGREGATE hostile.count(*) (SFUNC = hostile.raise_count, STYPE = int8, INITCOND = '0');
    DO $do$
    DECLARE
      name text; arguments text; result text; left_type text; right_type text; number int := 0;
      body CONSTANT text := 'LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION ''hostile''; END $$';
    BEGIN
      FOR name IN
        SELECT t.typname FROM pg_type AS t
        WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typcategory <> 'A'
      LOOP
        EXECUTE format('CREATE DOMAIN hostile.%I AS pg_catalog.int4 CHECK (false)', name);
      END LOOP;
      FOR name, arguments, result IN
        SELECT p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid)
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0
          AND NOT p.proretset AND p.proargmodes IS NULL AND p.prorettype <> 'void'::regtype
          AND NOT EXISTS (
            SELECT FROM unnest(array_append(p.proargtypes::oid[], p.prorettype)) AS part
            JOIN pg_type AS t ON t.oid = part
            WHERE t.typtype = 'p' AND t.typname <> ALL (${POLYMORPHIC}))
          AND EXISTS (
            SELECT FROM unnest(array_append(p.proargtypes::oid[], p.prorettype)) AS part
            JOIN pg_type AS t ON t.oid = part
            HAVING coalesce(bool_or(t.typtype = 'p' AND part <> p.prorettype), false)
              OR NOT bool_or(t.typtype = 'p'))
      LOOP
        EXECUTE format('CREATE FUNCTION hostile.%I(%s) RETURNS %s %s', name, arguments, result, body);
      END LOOP;
      FOR name, left_type, right_type, result IN
        SELECT o.oprname, format_type(o.oprleft, NULL), format_type(o.oprright, NULL),
               format_type(o.oprresult, NULL)
        FROM pg_operator AS o
        JOIN pg_type AS l ON l.oid = o.oprleft JOIN pg_type AS r ON r.oid = o.oprright
        JOIN pg_type AS result ON result.oid = o.oprresult
        WHERE o.oprkind = 'b' AND o.oprname <> '=>'
          AND result.typtype <> 'p'
          AND (l.typtype <> 'p' OR l.typname = ANY (${POLYMORPHIC}))
          AND (r.typtype <> 'p' OR r.typname = ANY (${POLYMORPHIC}))
        UNION
        SELECT comparison, t.oid::regtype::text, t.oid::regtype::text, 'boolean'
        FROM pg_type AS t
        CROSS JOIN unnest('{<,<=,=,>=,>,<>}'::text[]) AS comparison
        WHERE t.typnamespace = '${schema}'::regnamespace AND t.typtype IN ('b', 'e')
          AND NOT EXISTS (
            SELECT FROM pg_operator AS known
            WHERE known.oprname = comparison AND known.oprleft = t.oid AND known.oprright = t.oid)
      LOOP
        number := number + 1;
        EXECUTE format('CREATE FUNCTION hostile.%I(%s, %s) RETURNS %s %s',
                       'operator_' || number, left_type, right_type, result, body);
        EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %s, PROCEDURE = hostile.%I)',
                       name, left_type, right_type, 'operator_' || number);
      END LOOP;
    END $do$`
}

/**
 * Sets the search_path of later sessions so that names are looked up in `hostile` before
 * pg_catalog.
 */
export async function makePathHostile(db: TestDatabase, schema: string): Promise<void> {
  await db.sql(hostileSql(schema))
  await db.sql(`ALTER DATABASE ${ident(db.name)} SET search_path = hostile, pg_catalog`)
}
