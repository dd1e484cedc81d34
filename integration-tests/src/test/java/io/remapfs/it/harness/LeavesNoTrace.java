package io.remapfs.it.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test its {@link Workbench} and fails the class when a mount, a loop device or a
 * process of its folder outlives it. What is left is first written into the message, then removed,
 * so that one leak does not spoil the classes after it.
 */
public final class LeavesNoTrace
    implements BeforeAllCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(LeavesNoTrace.class);
  private static final String PARENT_FOLDER = "parent-folder";
  private static final String CLASS_FOLDER = "class-folder";
  private static final String WORKBENCH = "workbench";

  /** Has the folders of a class made below {@code parent}; for an extension registered before. */
  public static void placeBelow(ExtensionContext context, Path parent) {
    context.getStore(NAMESPACE).put(PARENT_FOLDER, parent.toString());
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Repository.buildOnce();
    String usual = System.getProperty("remapfs.it.folder", System.getProperty("java.io.tmpdir"));
    String parent = context.getStore(NAMESPACE).getOrDefault(PARENT_FOLDER, String.class, usual);
    Path folder =
        Files.createTempDirectory(
            Path.of(parent), "remapfs-it-" + context.getRequiredTestClass().getSimpleName() + "-");
    context.getStore(NAMESPACE).put(CLASS_FOLDER, folder.toRealPath());
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Workbench.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    try {
      Workbench workbench = new Workbench(Files.createTempDirectory(classFolder(context), "test-"));
      context.getStore(NAMESPACE).put(WORKBENCH, workbench);
      return workbench;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    @Nullable Workbench workbench = context.getStore(NAMESPACE).remove(WORKBENCH, Workbench.class);
    if (workbench != null) {
      workbench.close();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    Path folder = classFolder(context);
    awaitProcessesGone(folder);
    List<String> left = new ArrayList<>();
    MountTable.mountsBelow(folder).forEach(mount -> left.add("mount " + mount));
    MountTable.loopsBelow(folder).forEach(device -> left.add("loop device " + device));
    MountTable.processesNaming(folder)
        .forEach(
            process ->
                left.add("process " + process.pid() + " " + MountTable.commandLine(process.pid())));
    MountTable.processesNaming(folder).forEach(ProcessHandle::destroyForcibly);
    MountTable.mountsBelow(folder).forEach(mount -> Shell.run("umount", "-l", mount.toString()));
    MountTable.loopsBelow(folder).forEach(device -> Shell.run("losetup", "-d", device));
    if (MountTable.mountsBelow(folder).isEmpty()) {
      Workbench.deleteTree(folder);
    }
    if (!left.isEmpty()) {
      throw new AssertionError(
          context.getRequiredTestClass().getSimpleName() + " left behind: " + left);
    }
  }

  /** nbdkit notices a moment after nbdfuse that its parent is gone. */
  private static void awaitProcessesGone(Path folder) {
    try {
      Await.until(
          "processes gone",
          Duration.ofSeconds(3),
          () -> MountTable.processesNaming(folder).isEmpty());
    } catch (RuntimeException stillThere) {
      // Reported by the caller with their command lines.
      return;
    }
  }

  private static Path classFolder(ExtensionContext context) {
    @Nullable Path folder = context.getStore(NAMESPACE).get(CLASS_FOLDER, Path.class);
    if (folder == null) {
      throw new IllegalStateException("beforeAll did not run");
    }
    return folder;
  }
}
