import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;

/** A typical Java source: pgjdbc with a cursor, a tree of Jackson nodes for each row. `ReadByJdbc URL SELECT STREAM`. */
public final class ReadByJdbc {
  private static final int FETCH_ROWS = 10_000;
  private static final int BUFFER_BYTES = 1 << 16;

  public static void main(String[] args) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    try (Connection connection = DriverManager.getConnection(args[0]);
        OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES)) {
      connection.setAutoCommit(false); // Otherwise pgjdbc loads the whole result
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(FETCH_ROWS);
        ResultSet rows = statement.executeQuery(args[1]);
        ResultSetMetaData columns = rows.getMetaData();
        while (rows.next()) {
          out.write(mapper.writeValueAsBytes(message(mapper, rows, columns, args[2])));
          out.write('\n');
        }
      }
    }
  }

  private static ObjectNode message(ObjectMapper mapper, ResultSet rows, ResultSetMetaData columns, String stream)
      throws SQLException {
    ObjectNode message = mapper.createObjectNode().put("type", "RECORD");
    ObjectNode record = message.putObject("record").put("namespace", "public").put("stream", stream);
    ObjectNode data = record.putObject("data");
    for (int index = 1; index <= columns.getColumnCount(); index++) {
      put(data, columns.getColumnName(index), rows, index, columns);
    }
    record.put("emitted_at", System.currentTimeMillis());
    return message;
  }

  /** The columns of the bench have no NULLs. */
  private static void put(ObjectNode data, String name, ResultSet rows, int index, ResultSetMetaData columns)
      throws SQLException {
    switch (columns.getColumnType(index)) {
      case Types.BIGINT -> data.put(name, rows.getLong(index));
      case Types.INTEGER -> data.put(name, rows.getInt(index));
      case Types.DOUBLE -> data.put(name, rows.getDouble(index));
      case Types.NUMERIC -> data.put(name, rows.getObject(index, BigDecimal.class));
      case Types.BIT, Types.BOOLEAN -> data.put(name, rows.getBoolean(index));
      case Types.DATE -> data.put(name, rows.getObject(index, LocalDate.class).toString());
      case Types.TIMESTAMP -> {
        boolean hasZone = columns.getColumnTypeName(index).equals("timestamptz");
        Class<?> type = hasZone ? OffsetDateTime.class : LocalDateTime.class;
        data.put(name, rows.getObject(index, type).toString());
      }
      default -> data.put(name, rows.getString(index));
    }
  }
}
