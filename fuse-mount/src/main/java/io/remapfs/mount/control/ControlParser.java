package io.remapfs.mount.control;

import io.remapfs.engine.BlockRun;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Reads commands strictly: whatever is not exactly a command is refused with a sentence, and
 * nothing is guessed, because the same bytes may come from a script gone wrong.
 *
 * <p>A command is one line of printable ASCII, words separated by spaces or tabs, with at most one
 * line end. Immutable and thread-safe.
 */
public final class ControlParser {
  /** The longest command in bytes, its line end included; only {@code lost} needs so many. */
  public static final int MAX_COMMAND_BYTES = 4096;

  /**
   * The most blocks that one {@code verify}, {@code unmap} or {@code lost} goes through, so that
   * the writer is not held for hours: the command line asks range after range.
   */
  public static final long MAX_VERIFY_BLOCKS = 1 << 16;

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
  private static final Pattern BLANKS = Pattern.compile("[ \t]+");

  private static final String SEE_HELP = "; write help for the list of commands";

  private final long blockCount;

  /** A parser for an image of {@code blockCount} blocks, at least 1. */
  ControlParser(long blockCount) {
    this.blockCount = blockCount;
  }

  ControlCommand parse(byte[] command) throws ControlSyntaxException {
    String[] words = wordsOf(command);
    return switch (words[0]) {
      case "status" -> {
        expectArguments(words, 0, 0, "status");
        yield new ControlCommand.Status();
      }
      case "flush" -> {
        expectArguments(words, 0, 0, "flush");
        yield new ControlCommand.Flush();
      }
      case "help" -> {
        expectArguments(words, 0, 0, "help");
        yield new ControlCommand.Help();
      }
      case "remap" -> {
        expectArguments(words, 1, 1, "remap BLOCK");
        yield new ControlCommand.Remap(blockIndex(words[1]));
      }
      case "verify" -> verify(words);
      case "unmap" -> unmap(words);
      case "lost" -> lost(words);
      case "add-spare" ->
          new ControlCommand.AddSpare(
              SpareRequest.parse(words, "add-spare PATH [size=BYTES] [force]"));
      case "migrate" -> migrate(words);
      case "scan" -> new ControlCommand.Scan(ScanRequest.parse(words));
      default ->
          throw new ControlSyntaxException("there is no command " + quote(words[0]) + SEE_HELP);
    };
  }

  private ControlCommand verify(String[] words) throws ControlSyntaxException {
    expectArguments(words, 0, 2, "verify [FIRST [COUNT]]");
    long firstBlock = words.length > 1 ? blockIndex(words[1]) : 0;
    long rest = blockCount - firstBlock;
    if (words.length < 3) {
      return new ControlCommand.Verify(firstBlock, Math.min(rest, MAX_VERIFY_BLOCKS));
    }
    long most = Math.min(rest, MAX_VERIFY_BLOCKS);
    return new ControlCommand.Verify(firstBlock, number(words[2], "the count", 1, most));
  }

  private ControlCommand unmap(String[] words) throws ControlSyntaxException {
    expectArguments(words, 1, 2, "unmap FIRST [COUNT]");
    long firstBlock = blockIndex(words[1]);
    long most = Math.min(blockCount - firstBlock, MAX_VERIFY_BLOCKS);
    long count = words.length < 3 ? 1 : number(words[2], "the count", 1, most);
    return new ControlCommand.Unmap(firstBlock, count);
  }

  private ControlCommand lost(String[] words) throws ControlSyntaxException {
    if (words.length < 3 || words.length % 2 == 0) {
      throw new ControlSyntaxException(
          "lost needs pairs of numbers; write it as: lost FIRST COUNT [FIRST COUNT]...");
    }
    List<BlockRun> runs = new ArrayList<>();
    long left = MAX_VERIFY_BLOCKS;
    for (int i = 1; i < words.length; i += 2) {
      long firstBlock = blockIndex(words[i]);
      long count = number(words[i + 1], "the count", 1, blockCount - firstBlock);
      if (count > left) {
        throw new ControlSyntaxException(
            "at most " + MAX_VERIFY_BLOCKS + " blocks can be named at a time");
      }
      left -= count;
      runs.add(new BlockRun(firstBlock, count));
    }
    return new ControlCommand.Lost(runs);
  }

  private static ControlCommand migrate(String[] words) throws ControlSyntaxException {
    if (words.length == 1) {
      return new ControlCommand.Migrate(null);
    }
    if (words[1].equals("status")) {
      expectArguments(words, 1, 1, "migrate status");
      return new ControlCommand.MigrateStatus();
    }
    return new ControlCommand.Migrate(
        SpareRequest.parse(words, "migrate [status | PATH [size=BYTES] [force]]"));
  }

  private static String[] wordsOf(byte[] command) throws ControlSyntaxException {
    if (command.length > MAX_COMMAND_BYTES) {
      throw new ControlSyntaxException(
          "the command has " + command.length + " bytes, the limit is " + MAX_COMMAND_BYTES);
    }
    int end = command.length;
    if (end > 0 && command[end - 1] == '\n') {
      end--;
    }
    if (end > 0 && command[end - 1] == '\r') {
      end--;
    }
    for (int i = 0; i < end; i++) {
      if (command[i] == '\n' || command[i] == '\r') {
        throw new ControlSyntaxException("only one command can be written at a time");
      }
      if (command[i] != '\t' && (command[i] < ' ' || command[i] > '~')) {
        throw new ControlSyntaxException(
            "the command is not plain ASCII text (byte " + i + ")" + SEE_HELP);
      }
    }
    String line = new String(command, 0, end, StandardCharsets.US_ASCII).strip();
    if (line.isEmpty()) {
      throw new ControlSyntaxException("the command is empty" + SEE_HELP);
    }
    return BLANKS.split(line, -1);
  }

  private static void expectArguments(String[] words, int least, int most, String usage)
      throws ControlSyntaxException {
    int count = words.length - 1;
    if (count < least || count > most) {
      throw new ControlSyntaxException(
          words[0] + " was given " + count + " arguments; write it as: " + usage);
    }
  }

  private long blockIndex(String word) throws ControlSyntaxException {
    return number(word, "the block", 0, blockCount - 1);
  }

  static long number(String word, String what, long least, long most)
      throws ControlSyntaxException {
    // Length first: Long.parseLong would also take signs and digits of other scripts.
    if (NUMBER.matcher(word).matches()) {
      long value = Long.parseLong(word);
      if (value >= least && value <= most) {
        return value;
      }
    }
    throw new ControlSyntaxException(
        String.format(
            Locale.ROOT,
            "%s must be a number from %d to %d, not %s",
            what,
            least,
            most,
            quote(word)));
  }

  static String quote(String word) {
    return "'" + (word.length() <= 40 ? word : word.substring(0, 40) + "...") + "'";
  }
}
