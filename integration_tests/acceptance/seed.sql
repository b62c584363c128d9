-- The database that the acceptance tests read. Schemas in a catalog do not allow null, and Airbyte's tests validate
-- records against them, so there are no NULL values.

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');

CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer varchar(40) NOT NULL,
  total numeric(12, 2) NOT NULL,
  is_paid boolean NOT NULL,
  items jsonb NOT NULL,
  placed_on date NOT NULL,
  updated_at timestamptz NOT NULL
);

INSERT INTO orders VALUES
  (1, 'Ada', 10.50, true, '[{"sku": "A-1", "count": 2}]', '2024-01-01', '2024-01-01 10:00:00Z'),
  (2, 'Grace', 99.99, false, '[]', '2024-01-02', '2024-01-02 10:00:00.123456Z'),
  (3, 'Zoë', 1234567890.12, true, '{"note": "a \"quoted\" word"}', '2024-01-03', '2024-01-03 10:00:00Z'),
  (4, '李雷', 0.01, false, '[1, 2, 3]', '2024-01-04', '2024-01-03 10:00:00Z'),
  (5, 'Łukasz', -7.00, true, '{}', '2024-01-05', '2024-01-05 23:59:59.999999Z');

CREATE TABLE order_lines (
  order_id bigint NOT NULL REFERENCES orders,
  line smallint NOT NULL,
  sku text NOT NULL,
  PRIMARY KEY (order_id, line)
);

INSERT INTO order_lines VALUES (1, 1, 'A-1'), (1, 2, 'B-2'), (2, 1, 'C-3');

CREATE TABLE all_types (
  id integer PRIMARY KEY,
  a_smallint smallint NOT NULL,
  a_bigint bigint NOT NULL,
  a_real real NOT NULL,
  a_double double precision NOT NULL,
  a_numeric numeric NOT NULL,
  a_whole_numeric numeric(20, 0) NOT NULL,
  a_money money NOT NULL,
  a_char char(8) NOT NULL,
  a_bit bit(3) NOT NULL,
  a_bytea bytea NOT NULL,
  a_uuid uuid NOT NULL,
  a_json json NOT NULL,
  an_inet inet NOT NULL,
  an_enum mood NOT NULL,
  an_interval interval NOT NULL,
  a_point point NOT NULL,
  a_range int4range NOT NULL,
  a_tsvector tsvector NOT NULL,
  a_timestamp timestamp NOT NULL,
  an_int_array integer[] NOT NULL,
  a_text_array text[] NOT NULL,
  updated_at timestamp NOT NULL
);

INSERT INTO all_types VALUES
  (1, -32768, 9007199254740991, 3.4145, 1.2345678901234567e9, 33.345, 70000, '-1000.00', 'asb12', B'101', '\x1234',
   'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": 10, "b": 15}', '198.24.10.0/24', 'happy',
   '1 year 2 mons 3 days 04:05:06', '(3,7)', '[1,5)', 'fat cat', '2004-10-19 10:23:54.123456', '{1,2,3}',
   '{one,"two words"}', '2024-02-01 08:00:00'),
  (2, 32767, -9007199254740991, -1.5, 0.1, 0.000000000000000000001, -900000000, '0.01', '', B'000', '\x',
   '00000000-0000-0000-0000-000000000000', '[]', '::1', 'sad', '-00:00:01', '(0.5,-0.5)', 'empty', '',
   '1999-12-31 23:59:59', '{}', '{""}', '2024-02-02 08:00:00.5');

CREATE TABLE archive (id integer PRIMARY KEY, updated_at timestamptz NOT NULL);

CREATE VIEW paid_orders AS SELECT id, customer, total, updated_at FROM orders WHERE is_paid;

ANALYZE;
