/** Relations of the demo's shop. Each has `updated_at`, so each can be read incrementally. */
export const SHOP_STREAMS = ['customers', 'orders', 'customer_totals'] as const

/** A small shop: two tables, a view, and commonly used types. */
export const CREATE_SHOP = `
CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'returned');

CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name varchar(80) NOT NULL,
  born date,
  tags text[] NOT NULL DEFAULT '{}',
  address jsonb,
  is_active boolean NOT NULL DEFAULT true,
  updated_at timestamptz NOT NULL
);

CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  status order_status NOT NULL,
  total numeric(12, 2) NOT NULL,
  items jsonb NOT NULL,
  note text,
  updated_at timestamptz NOT NULL
);

INSERT INTO customers (email, name, born, tags, address, is_active, updated_at)
SELECT 'customer' || n || '@example.com',
       (ARRAY['Zoë', 'Łukasz', '李雷', 'Ada', 'Grace'])[n % 5 + 1] || ' No. ' || n,
       date '1950-01-01' + n * 11,
       (ARRAY['newsletter', 'vip', 'returns'])[1:n % 4],
       jsonb_build_object('city', 'Town ' || n % 97, 'zip', lpad(n::text, 5, '0')),
       n % 10 <> 0,
       timestamptz '2024-01-01 08:00:00Z' + n * interval '7 minutes 1.234567 seconds'
FROM generate_series(1, 1000) AS n;

INSERT INTO orders (customer_id, status, total, items, note, updated_at)
SELECT n % 1000 + 1,
       (enum_range(NULL::order_status))[n % 4 + 1],
       (n * 7919 % 100000)::numeric / 100,
       jsonb_build_array(jsonb_build_object('sku', 'SKU-' || n % 311, 'count', n % 5 + 1)),
       CASE n % 7 WHEN 0 THEN 'Said "leave it at the door"' END,
       timestamptz '2024-02-01 09:30:00Z' + n * interval '3 minutes 0.000001 seconds'
FROM generate_series(1, 5000) AS n;

CREATE VIEW customer_totals AS
SELECT c.id AS customer_id, count(*) AS orders, sum(o.total) AS spent, max(o.updated_at) AS updated_at
FROM customers AS c JOIN orders AS o ON o.customer_id = c.id
GROUP BY c.id;

ANALYZE;
`

/** A day of business: three new orders, two shipped ones, a customer with a new address. */
export const CHANGE_SHOP = `
INSERT INTO orders (customer_id, status, total, items, updated_at)
SELECT n, 'new', 19.99, '[{"sku": "SKU-NEW", "count": 1}]', timestamptz '2025-06-01 12:00:00Z' + n * interval '1 minute'
FROM generate_series(1, 3) AS n;

UPDATE orders SET status = 'shipped', updated_at = timestamptz '2025-06-01 13:00:00Z' + id * interval '1 second'
WHERE id IN (10, 20);

UPDATE customers SET address = '{"city": "Elsewhere", "zip": "99999"}', updated_at = '2025-06-01 14:00:00Z'
WHERE id = 42;
`
