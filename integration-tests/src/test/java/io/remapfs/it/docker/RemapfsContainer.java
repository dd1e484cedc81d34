package io.remapfs.it.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PropagationMode;
import com.github.dockerjava.api.model.SELContext;
import com.github.dockerjava.api.model.Volume;
import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.testcontainers.containers.Container;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.containers.startupcheck.StartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.utility.DockerImageName;

/**
 * A container of the image under test. It is granted only what a test asks for; paths inside are
 * those of the image's defaults. Closing it removes it, also when it serves. Not thread-safe.
 */
final class RemapfsContainer extends GenericContainer<RemapfsContainer> {
  static final String BACKING = "/backing";
  static final String SPARE = "/spare/disk.remap";
  static final String DISK = "/remapfs/disk";
  static final String IMAGE = DISK + "/image";

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int GRACE_SECONDS = 10;

  private final List<Device> devices = new ArrayList<>();
  private final List<Capability> capabilities = new ArrayList<>();
  private final List<Bind> binds = new ArrayList<>();
  private final List<String> securityOptions = new ArrayList<>(List.of("apparmor=unconfined"));
  private final List<String> deviceRules = new ArrayList<>();
  private boolean readOnlyRoot;
  private boolean frequentHealthChecks;
  private int starts;

  RemapfsContainer() {
    super(DockerImageName.parse(Engine.IMAGE));
    withImagePullPolicy(name -> false);
    withNetworkMode("none");
    withCreateContainerCmdModifier(this::configure);
    waitingFor(new NothingToWaitFor());
  }

  /** What {@code docker run} of the README grants: the disk, the spare's volume, FUSE, mounting. */
  static RemapfsContainer of(Path backing, String spareVolume) {
    return new RemapfsContainer()
        .withDisk(backing, spareVolume, AccessMode.rw)
        .withFuse()
        .withMountRights();
  }

  /** Makes the spare, by a container that ends. */
  static void format(Path backing, String spareVolume) {
    try (RemapfsContainer container =
        new RemapfsContainer().withDisk(backing, spareVolume, AccessMode.rw)) {
      container.withCommand("format", BACKING, "--spare", SPARE).runToEnd().orFail();
    }
  }

  private void configure(CreateContainerCmd command) {
    HostConfig host = command.getHostConfig();
    if (host == null) {
      throw new IllegalStateException("a container without a host's configuration");
    }
    host.withDevices(devices)
        .withCapAdd(capabilities.toArray(Capability[]::new))
        .withSecurityOpts(securityOptions)
        .withDeviceCgroupRules(deviceRules)
        .withReadonlyRootfs(readOnlyRoot)
        .withBinds(binds);
    if (readOnlyRoot) {
      host.withTmpFs(Map.of("/tmp", "exec"));
    }
    if (frequentHealthChecks) {
      command.withHealthcheck(
          new HealthCheck()
              .withInterval(TimeUnit.SECONDS.toNanos(1))
              .withTimeout(TimeUnit.SECONDS.toNanos(20))
              .withRetries(1));
    }
  }

  RemapfsContainer withDisk(Path backing, String spareVolume, AccessMode mode) {
    binds.add(new Bind(backing.toString(), new Volume(BACKING), mode));
    return withSpare(spareVolume);
  }

  RemapfsContainer withSpare(String volume) {
    binds.add(new Bind(volume, new Volume("/spare")));
    return this;
  }

  RemapfsContainer withFolder(Path folder, String inside) {
    binds.add(new Bind(folder.toString(), new Volume(inside)));
    return this;
  }

  /** A folder of the host in which the mount appears. */
  RemapfsContainer withSharedFolder(Path folder) {
    binds.add(
        new Bind(
            folder.toString(),
            new Volume("/remapfs"),
            AccessMode.rw,
            SELContext.DEFAULT,
            null,
            PropagationMode.RSHARED));
    return this;
  }

  RemapfsContainer withFuse() {
    devices.add(new Device("rwm", "/dev/fuse", "/dev/fuse"));
    return this;
  }

  RemapfsContainer withMountRights() {
    capabilities.add(Capability.SYS_ADMIN);
    return this;
  }

  /** Any loop device; its node is to be made with {@link #makeLoopNodes}. */
  RemapfsContainer withLoopDevices() {
    devices.add(new Device("rwm", "/dev/loop-control", "/dev/loop-control"));
    deviceRules.add("b 7:* rmw");
    return this;
  }

  /** A profile under which mount(2) fails as it does under Docker's own of AppArmor. */
  RemapfsContainer withMountForbidden() {
    securityOptions.add(
        """
        seccomp={"defaultAction": "SCMP_ACT_ALLOW",
          "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}""");
    return this;
  }

  RemapfsContainer withReadOnlyRoot() {
    readOnlyRoot = true;
    return this;
  }

  RemapfsContainer withFrequentHealthChecks() {
    frequentHealthChecks = true;
    return this;
  }

  /** Starts the container and returns when the image is there. */
  RemapfsContainer startServing() {
    return startServing(IMAGE);
  }

  /** The same where the command mounts elsewhere than the image's default. */
  RemapfsContainer startServing(String image) {
    withStartupCheckStrategy(new UnlessItEnds());
    start();
    awaitServing(image);
    return this;
  }

  /** Starts the container and returns what it left when it ended by itself. */
  Shell.Result runToEnd() {
    withStartupCheckStrategy(new UntilItEnds());
    start();
    return new Shell.Result(
        List.of("docker", "run", String.join(" ", getCommandParts())),
        (int) exitCode(),
        getLogs(OutputType.STDOUT),
        getLogs(OutputType.STDERR));
  }

  /** By the log, which costs nothing: each look by {@code docker exec} would slow the start. */
  private void awaitServing(String image) {
    starts++;
    Await.until(
        "the image",
        LIMIT,
        () ->
            !isRunning()
                || getLogs(OutputType.STDOUT).lines().filter(image::equals).count() == starts);
    if (!isRunning()) {
      throw new AssertionError("the container ended with " + exitCode() + "\n" + getLogs());
    }
  }

  /** {@code docker exec}. */
  Shell.Result run(String... command) {
    try {
      Container.ExecResult result = execInContainer(command);
      return new Shell.Result(
          List.of(command), result.getExitCode(), result.getStdout(), result.getStderr());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** {@code docker exec} of a shell's script; fails with it. */
  String script(String script) {
    return run("bash", "-euc", script).orFail().stdout().trim();
  }

  /** SHA-256 of a file inside, in hexadecimal. */
  String hash(String file) {
    return script("sha256sum '" + file + "'").split(" ")[0];
  }

  Status status() {
    return Status.parse(run("cat", DISK + "/status.json").orFail().stdout());
  }

  /** Makes nodes for the loop devices that the host has now and may get. */
  void makeLoopNodes() {
    script("for n in {0..255}; do [[ -e /dev/loop$n ]] || mknod /dev/loop$n b 7 $n; done");
  }

  /** {@code docker stop} with its usual grace; returns how long it took. */
  Duration stopInOrder() {
    long startNanos = System.nanoTime();
    docker().stopContainerCmd(getContainerId()).withTimeout(GRACE_SECONDS).exec();
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }

  /** {@code docker kill}; returns when it is over. */
  void killAtOnce() {
    docker().killContainerCmd(getContainerId()).exec();
    Await.until("the container's end", () -> !isRunning());
  }

  /** {@code docker start} of a container that was stopped or killed; returns when it serves. */
  void startAgain() {
    docker().startContainerCmd(getContainerId()).exec();
    awaitServing(IMAGE);
  }

  long exitCode() {
    Long code = state().getExitCodeLong();
    return code == null ? -1 : code;
  }

  /** {@code starting}, {@code healthy} or {@code unhealthy}. */
  String health() {
    return String.valueOf(state().getHealth().getStatus());
  }

  private ContainerState state() {
    return docker().inspectContainerCmd(getContainerId()).exec().getState();
  }

  private DockerClient docker() {
    return getDockerClient();
  }

  /** What is waited for, {@link #awaitServing} looks for. */
  private static final class NothingToWaitFor extends AbstractWaitStrategy {
    @Override
    protected void waitUntilReady() {
      // There already.
    }
  }

  /** Does not look: what ended at once is told with its log by {@link #awaitServing}. */
  private static final class UnlessItEnds extends StartupCheckStrategy {
    @Override
    public StartupStatus checkStartupState(DockerClient client, String containerId) {
      return StartupStatus.SUCCESSFUL;
    }
  }

  /** A container that ends, with whatever code. */
  private static final class UntilItEnds extends StartupCheckStrategy {
    @Override
    public StartupStatus checkStartupState(DockerClient client, String containerId) {
      String status = getCurrentState(client, containerId).getStatus();
      return "exited".equals(status) ? StartupStatus.SUCCESSFUL : StartupStatus.NOT_YET_KNOWN;
    }
  }
}
