package io.remapfs.it.docker;

import io.remapfs.it.harness.LeavesNoTrace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * Starts the {@link Engine} before the first class that needs it and ends it after the last test of
 * the run. Where there can be none, the class is skipped and the reason told. To be registered
 * before {@link LeavesNoTrace}, whose folders it places in the engine's.
 */
final class NeedsEngine implements ExecutionCondition, BeforeAllCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(NeedsEngine.class);

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    if (!System.getProperty("user.name").equals("root")) {
      return ConditionEvaluationResult.disabled("a Docker engine of one's own needs root");
    }
    if (!Files.exists(Path.of("/dev/fuse"))) {
      return ConditionEvaluationResult.disabled("there is no /dev/fuse");
    }
    for (String program : new String[] {"dockerd", "docker"}) {
      if (!onPath(program)) {
        return ConditionEvaluationResult.disabled(
            "there is no " + program + " (Debian: docker.io)");
      }
    }
    return ConditionEvaluationResult.enabled("an engine can be started");
  }

  private static boolean onPath(String program) {
    return Stream.of("/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    Engine engine =
        context
            .getRoot()
            .getStore(NAMESPACE)
            .getOrComputeIfAbsent("engine", key -> Engine.startWithImage(), Engine.class);
    LeavesNoTrace.placeBelow(context, engine.work());
    // A setting in the user's home could lead Testcontainers elsewhere.
    String root = DockerClientFactory.instance().client().infoCmd().exec().getDockerRootDir();
    if (root == null || !root.startsWith(engine.folder().toString())) {
      throw new IllegalStateException("Testcontainers uses another engine, in " + root);
    }
  }
}
