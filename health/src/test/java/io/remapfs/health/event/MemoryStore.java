package io.remapfs.health.event;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Keeps what is appended, unless it is to fail. */
final class MemoryStore implements RecordStore {
  final List<byte[]> records = new ArrayList<>();
  boolean failing;

  @Override
  public List<byte[]> readAll() {
    return List.copyOf(records);
  }

  @Override
  public void append(byte[] record) throws IOException {
    if (failing) {
      throw new IOException("no space left");
    }
    records.add(record);
  }
}
