/** Lines of postgresql.conf of every server, unless a test overrides them. */
export const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  max_connections: '100',
  wal_level: 'logical',
  max_wal_senders: '20',
  max_replication_slots: '20',
  max_prepared_transactions: '20',
  track_commit_timestamp: 'off',
  fsync: 'off',
  // Cheap without fsync; otherwise a visible commit may not be in the log yet
  synchronous_commit: 'on',
  full_page_writes: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
}
