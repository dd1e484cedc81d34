package io.remapfs.mount.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The program's version, from the resource that the build fills in. */
public final class ProgramVersion {
  private ProgramVersion() {}

  /** Such as "0.1.0"; "unknown" where the build did not say. */
  public static String get() {
    try (InputStream in = ProgramVersion.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        Properties properties = new Properties();
        properties.load(in);
        return properties.getProperty("version", "unknown");
      }
    } catch (IOException e) {
      return "unknown";
    }
    return "unknown";
  }
}
